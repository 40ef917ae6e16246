# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The router of the translator's benchmarks, inside the machine. Source it with the script's own arguments,
# MODULE.ko, NAT64CTL and WRITER.
#
#	r COMMAND...     run it in the router's namespace
#	configuration    the translator's, as it is measured: 1000 EAMT entries, 3 instances
#	v4, v6           what `writer` sends for plain forwarding: family, source, destination
set -euo pipefail

export module=$1 nat64ctl=$2 writer=$3
mac=02:00:00:00:01:01
strange=02:00:00:00:0f:0f

modprobe -a tun veth nf_tables
ip netns add router
ip netns add sink
r() {
	ip netns exec router "$@"
}

# In by a tap, out by a veth whose far end drops frames that are not its own.
r sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.accept_dad=0
r ip tuntap add dev in0 mode tap
r ip link set in0 address $mac
ip link add out0 netns router type veth peer name far netns sink
r ip address add 2001:db8:1::1/64 dev in0
r ip address add 203.0.113.1/24 dev in0
r ip address add 198.51.100.1/24 dev out0
r ip address add 2001:db8:2::1/64 dev out0
r ip link set in0 up
r ip link set out0 up
ip -n sink link set far up
r ip neighbour replace 198.51.100.2 lladdr $strange dev out0 nud permanent
r ip neighbour replace 2001:db8:2::2 lladdr $strange dev out0 nud permanent
r ip route add 192.0.2.0/24 via 198.51.100.2
# A tap needs its writer: one holds it up.
r "$writer" in0 $strange 4 203.0.113.9 198.51.100.2 64 1 1 >/dev/null
# shellcheck disable=SC2034 # for whom sources this
v4=(4 203.0.113.9 198.51.100.2)
# shellcheck disable=SC2034
v6=(6 2001:db8:1::9 2001:db8:2::2)

configuration() {
	echo "instance first pool6=2001:db8:a::/96 embed-destinations=0"
	echo "instance lab pool6=2001:db8:64::/96 embed-destinations=0"
	echo "instance third pool6=2001:db8:c::/96 embed-destinations=0"
	for ((i = 0; i < 999; i++)); do
		echo "eamt lab 10.0.$((i / 256)).$((i % 256)) 2001:db8:f::$i"
	done
	echo "eamt lab 192.0.2.8 2001:db8:2::2"
	echo "eamt lab 192.0.2.9 2001:db8:1::9"
}
