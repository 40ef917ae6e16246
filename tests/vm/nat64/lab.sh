# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For the translator's scenarios, which run inside the machine (tests/vm/nat64-*.test). Source it with the scenario's own arguments, MODULE.ko and
# NAT64CTL: `. tests/vm/nat64/lab.sh`. It makes
#
#	client (IPv6) ----- nat ----- server (IPv4)
#	2001:db8:1::2   ::1   198.51.100.1   198.51.100.2
#
# and loads the module. The client is 192.0.2.8 to the server (an EAMT entry), the server 2001:db8:64::198.51.100.2 to the client (pool6).
#
#   in_ns NAME COMMAND...    run it in a namespace
#   ctl ARGUMENT...          nat64ctl in the translator's
#   counter NAME             print a counter of the instance "lab"
#   counted NAME COMMAND...  run it, and fail unless the counter rose
#   fail MESSAGE; expect WHAT WANT GOT
#   python FILE ARGUMENT...  run a Python file
#   python_in NAME FILE ARGUMENT...
set -euo pipefail

module=$1
nat64ctl=$2
pool6=2001:db8:64::
client6=2001:db8:1::2
client4=192.0.2.8
server4=198.51.100.2
export server6=${pool6}c633:6402
export PYTHONDONTWRITEBYTECODE=1

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# What went wrong is told with the counters.
leave() {
	local status=$?
	trap - EXIT ERR
	((status == 0)) || ctl stats >&2
	exit "$status"
}
trap leave EXIT
set -E
trap 'echo "${BASH_SOURCE[0]}:$LINENO: status $? of: $BASH_COMMAND" >&2' ERR

expect() {
	[[ $2 == "$3" ]] || fail "$1: expected '$2', got '$3'"
}

in_ns() {
	ip netns exec "$@"
}

ctl() {
	in_ns nat "$nat64ctl" "$@"
}

# In the scenario's own shell by warm.py's interpreter. Whoever runs beside it, in a subshell, has one of its own.
python_in() {
	local IFS=$'\037' namespace=$1 status
	shift
	if [[ $BASHPID != "$$" && $namespace == - ]]; then
		/usr/bin/python3 "$@"
	elif [[ $BASHPID != "$$" ]]; then
		in_ns "$namespace" /usr/bin/python3 "$@"
	else
		echo "$namespace$IFS/proc/$$/fd/1$IFS/proc/$$/fd/2$IFS$*" >&8
		read -r -t 250 status <&9
		return "$status"
	fi
}

python() {
	python_in - "$@"
}

counter() {
	ctl stats lab --prometheus | sed -n "s/^osnc_nat64_$1_total{instance=\"lab\"} //p"
}

counted() {
	local name=$1 before after
	shift
	before=$(counter "$name")
	"$@"
	after=$(counter "$name")
	((after > before)) || fail "counter $name stayed at $after over: $*"
}

# No duplicate address detection: addresses serve at once. Routers' own chatter stays out.
namespace() {
	ip netns add "$1"
	in_ns "$1" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.default.router_solicitations=0 net.ipv4.ping_group_range='0 2147483647'
	ip -n "$1" link set lo up
}

lab_up() {
	namespace client
	namespace nat
	namespace server
	ip link add c6 netns client type veth peer name n6 netns nat
	ip link add s4 netns server type veth peer name n4 netns nat
	ip -n client address add "$client6/64" dev c6 nodad
	ip -n nat address add 2001:db8:1::1/64 dev n6 nodad
	ip -n nat address add 198.51.100.1/24 dev n4
	ip -n server address add "$server4/24" dev s4
	ip -n client link set c6 up
	ip -n nat link set n6 up
	ip -n nat link set n4 up
	ip -n server link set s4 up
	ip -n client route add default via 2001:db8:1::1
	ip -n server route add default via 198.51.100.1
	in_ns nat sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

# instance_up NAME [SETTING=VALUE]...
instance_up() {
	local name=$1
	shift
	ctl instance add "$name" "pool6=$pool6/96" "$@"
	ctl eamt add "$name" "$client4" "$client6"
}

mkfifo /run/python.asked /run/python.said
exec 8<>/run/python.asked 9<>/run/python.said
/usr/bin/python3 -B tests/vm/nat64/warm.py /run/python.asked /run/python.said &
disown
modprobe -a nf_tables nf_conntrack nf_defrag_ipv4 nf_defrag_ipv6 veth tun nfnetlink_queue
insmod "$module"
lab_up
