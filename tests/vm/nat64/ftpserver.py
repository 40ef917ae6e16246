#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An FTP server as they were before RFC 2428: it has neither EPSV nor EPRT.

usage: ftpserver.py ADDRESS FOLDER LOG [SAID]

ADDRESS: IPv4, port 21. LOG: gets each command line as it came. SAID: the address that 227 names.
"""
import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer


class Old(FTPHandler):
	proto_cmds = {name: how for name, how in FTPHandler.proto_cmds.items() if name not in ("EPSV", "EPRT")}

	def pre_process_command(self, line, cmd, arg):
		with open(sys.argv[3], "a", encoding="utf-8") as log:
			print(line, file=log)
		super().pre_process_command(line, cmd, arg)


def main():
	logging.basicConfig(level=logging.WARNING)
	Old.authorizer = DummyAuthorizer()
	Old.authorizer.add_user("osnc", "secret", sys.argv[2], perm="elradfmw")
	if len(sys.argv) > 4:
		Old.masquerade_address = sys.argv[4]
	FTPServer((sys.argv[1], 21), Old).serve_forever()


main()
