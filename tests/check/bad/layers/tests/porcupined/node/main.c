/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/smtp/dialogue.h"
