/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "porcupined/smtp/smtp.h"
#include "porcupined/store/segment.h"
