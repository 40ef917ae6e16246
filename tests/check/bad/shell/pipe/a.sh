#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
set -euo pipefail
seq 100000 | grep -q 1
