/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The document that test:///default is made of. */
extern const char test_default_host[];
