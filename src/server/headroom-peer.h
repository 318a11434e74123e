/* headroom-peer.h: which program is at the other end of a connection.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Of this user's programs on this machine only; what cannot be found out is not known. Reads /proc,
 * so a worker thread's job. Thread-safety: Safe.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * headroom_peer_dup_program:
 * @socket: a connection's socket on our side
 * @ret_pid: (out) (optional): its process, 0 if that is not known
 *
 * Returns: (transfer full) (nullable): the program's name, such as "python3"; the address of one on
 * another machine
 */
char *headroom_peer_dup_program (GSocket *socket, GPid *ret_pid) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
