/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "config.h"
#include "service/base/error.h"
#include "service/base/file.h"

static GHashTable *loaded; /* name (char *) -> table of functions */

typedef struct Load {
        const char *file;
        const Plugin *plugin;
        char *problem;
} Load;

/* On a helper thread: libraries come from the disk, and test themselves when they are loaded. */
static int load_run(void *data)
{
        Load *load = data;
        void *library = dlopen(load->file, RTLD_NOW | RTLD_LOCAL);

        if (library)
                load->plugin = dlsym(library, "virtbus_plugin");
        if (load->plugin)
                return 0;
        /* The message belongs to this thread. */
        load->problem = g_strdup(dlerror());
        if (library)
                dlclose(library);
        return -ELIBACC;
}

const void *plugin_load(const char *name, GError **error)
{
        const void *functions = loaded ? g_hash_table_lookup(loaded, name) : NULL;
        g_autofree char *file = g_strdup_printf("virtbus-%s.so", name), *problem = NULL;
        Load load = { .file = file };
        int r;

        if (functions)
                return functions;
        /* Without a slash, it is looked for where the executable's RUNPATH says: installed, or in
         * the folders of the build. */
        r = offload("loading a plugin", load_run, &load);
        problem = load.problem;
        if (r < 0) {
                error_set(error, ERROR_OPERATION_UNSUPPORTED,
                        "the plugin '%s' cannot be loaded: %s", name, problem ?: g_strerror(-r));
                return NULL;
        }
        /* Installed anew while this process runs on: its tables may have changed. */
        if (strcmp(load.plugin->version, VIRTBUS_VERSION) != 0) {
                error_set(error, ERROR_OPERATION_UNSUPPORTED,
                        "the plugin '%s' is that of version %s, the service is %s: restart it",
                        name, load.plugin->version, VIRTBUS_VERSION);
                return NULL;
        }
        if (!loaded)
                loaded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_hash_table_replace(loaded, g_strdup(name), (void *)load.plugin->functions);
        return load.plugin->functions;
}
