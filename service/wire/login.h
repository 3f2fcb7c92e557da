/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who a client is, and what it has to do before its calls are heard. Its socket says which way
 * (settings.h: auth_unix_rw and so on); the call AUTH_LIST tells the client, the other calls AUTH_*
 * do it. Who comes over a UNIX socket is known from the kernel and is judged call by call whether
 * it logs in or not; who comes from afar may do everything once it has logged in, within what it
 * opened its connection for. */

typedef struct WireClient WireClient;

/* The client has shown who it is: its other calls are heard from now on. user is its name where it
 * comes from afar, else NULL. */
void wire_login_done(WireClient *client, const char *user);
