/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Plugins: parts of the service whose libraries few need, such as TLS, SASL and SSH. Each is a
 * shared object beside the service, loaded when it is first asked for and kept until the end. So a
 * service that is never asked pays nothing for it, and a host may do without it.
 *
 * A plugin is one table of functions. A header declares it; that is all its users see:
 *
 *         typedef struct TlsPlugin {
 *                 int (*handshake)(int fd, ..., GError **error);
 *         } TlsPlugin;
 *         PLUGIN_DECLARE(tls, TlsPlugin)
 *
 *         const TlsPlugin *tls = tls_plugin(&error);
 *
 * One source defines it, and includes the library's headers:
 *
 *         PLUGIN_DEFINE(tls, TlsPlugin, .handshake = handshake);
 *
 * and a few lines build it, as virtbus-tls.so, where the service finds it:
 *
 *         shared_module('tls', 'tls.c', dependencies: [plugin, gnutls], kwargs: plugin_options)
 *         plugin_folders += meson.current_build_dir()
 *
 * Its code may call all of service/base: errors, fibers and files are those of the process, which
 * exports them. It links nothing of the project itself, or there would be two of them. */

#include <glib.h>

typedef struct Plugin {
        const char *version; /* of the service that it was built with */
        const void *functions;
} Plugin;

/* Suspends the first time, as libraries are read and initialized. The table of the plugin;
 * or NULL: OPERATION_UNSUPPORTED where it is not installed, lacks a library, or is of
 * another version than the process that runs. */
const void *plugin_load(const char *name, GError **error);

#define PLUGIN_DECLARE(name, Type)                              \
        static inline const Type *name##_plugin(GError **error) \
        {                                                       \
                return plugin_load(#name, error);               \
        }

/* Needs config.h. */
#define PLUGIN_DEFINE(name, Type, ...)                                         \
        static const Type name##_functions = { __VA_ARGS__ };                  \
        extern const Plugin virtbus_plugin;                                    \
        __attribute__((visibility("default"))) const Plugin virtbus_plugin = { \
                .version = VIRTBUS_VERSION,                                    \
                .functions = &name##_functions,                                \
        }
