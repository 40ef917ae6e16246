/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/lib/keel/buffer.h"
#include "tools/lib/keel/log.h"
