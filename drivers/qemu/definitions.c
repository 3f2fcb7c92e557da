/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drivers/qemu/domain.h"
#include "drivers/qemu/resources.h"
#include "service/base/file.h"

#define DEFINITION_MAX (2 * 1024 * 1024)

/* Definitions as files, and their links for a start with the host. The owner stands before the
 * document, in a processing instruction, so that the document is what was defined and both are
 * replaced in one go. */

#define OWNER_PREFIX "<?virtbus owner=\""

static char *definition_path(const QemuDomain *domain)
{
        return qemu_path(qemu_connection(domain)->definitions,
                domain->renamed_to ?: qemu_name(domain), ".xml");
}

static char *autostart_path(const QemuDomain *domain)
{
        return qemu_path(qemu_connection(domain)->autostart, qemu_name(domain), ".xml");
}

/* Users' names hold nothing that XML minds, unless somebody means mischief. */
static char *with_owner(const QemuDomain *domain, const char *text)
{
        const char *owner = domain->local.domain.properties.owner;

        if ((!owner || !owner[0]) && client_current())
                owner = client_current()->user;
        if (!owner || !owner[0] || strpbrk(owner, "\"<>&?"))
                return g_strdup(text);
        return g_strdup_printf(OWNER_PREFIX "%s\"?>\n%s", owner, text);
}

static char *owner_of(const char *text)
{
        const char *end;

        if (!g_str_has_prefix(text, OWNER_PREFIX))
                return NULL;
        text += strlen(OWNER_PREFIX);
        end = strchr(text, '"');
        return end ? g_strndup(text, end - text) : NULL;
}

int qemu_definition_store(LocalDomain *local, const char *text, GError **error)
{
        QemuDomain *domain = qemu_domain(local);
        g_autofree char *path = definition_path(domain), *whole = with_owner(domain, text);
        int r = file_replace(path, whole, strlen(whole), 0600);

        domain->stats_cache = qemu_stats_cache_free(domain->stats_cache);
        return r < 0 ? error_set_errno(error, r, "cannot write '%s'", path) : 0;
}

int qemu_definition_load(LocalDomain *local, char **ret, GError **error)
{
        g_autofree char *path = definition_path(qemu_domain(local));
        int r = file_read(path, DEFINITION_MAX, ret, NULL);

        /* Its file goes before it does. */
        if (r == -ENOENT)
                return error_set(error, ERROR_NO_DOMAIN, "domain '%s' is just being undefined",
                        qemu_name(qemu_domain(local)));
        return r < 0 ? error_set_errno(error, r, "cannot read '%s'", path) : 0;
}

static int remove_file(const char *path, GError **error)
{
        int r = file_remove(path);

        return r < 0 ? error_set_errno(error, r, "cannot remove '%s'", path) : 0;
}

static int remove_nvram(QemuDomain *domain, unsigned flags, GError **error)
{
        g_autoptr(DomainConfig) config = NULL;
        g_autofree char *path = NULL;

        if (local_definition(&domain->local, &config, error) < 0)
                return -1;
        path = qemu_nvram_path(qemu_connection(domain), config);
        if ((config->os.firmware != OS_FIRMWARE_EFI && !config->os.nvram.path) ||
                access(path, F_OK) < 0)
                return 0;
        if (flags & UNDEFINE_KEEP_NVRAM)
                return 0;
        if (!(flags & UNDEFINE_NVRAM))
                return error_set(
                        error, ERROR_OPERATION_INVALID, "cannot undefine domain with nvram");
        if (domain_is_active(&domain->local.domain))
                return error_set(error, ERROR_OPERATION_INVALID,
                        "cannot delete the nvram of an active domain");
        return remove_file(path, error);
}

int qemu_definition_remove(LocalDomain *local, unsigned flags, GError **error)
{
        QemuDomain *domain = qemu_domain(local);
        g_autofree char *definition = definition_path(domain), *autostart = autostart_path(domain);

        if (remove_nvram(domain, flags, error) < 0 || remove_file(autostart, error) < 0)
                return -1;
        return remove_file(definition, error);
}

static int link_autostart(
        const char *directory, const char *definition, const char *name, GError **error)
{
        g_autofree char *path = qemu_path(directory, name, ".xml");
        int r = directory_make(directory, 0755);

        if (r >= 0 && symlink(definition, path) < 0 && errno != EEXIST)
                r = -errno;
        return r < 0 ? error_set_errno(error, r, "cannot create '%s'", path) : 0;
}

int qemu_definition_set_autostart(LocalDomain *local, bool autostart, GError **error)
{
        QemuDomain *domain = qemu_domain(local);
        g_autofree char *definition = definition_path(domain), *path = autostart_path(domain);

        if (!autostart)
                return remove_file(path, error);
        return link_autostart(
                qemu_connection(domain)->autostart, definition, qemu_name(domain), error);
}

/* Suspends. Of a definition that is there by its new name already: takes the old one away. */
static int remove_old(const char *definition, const char *autostart, GError **error)
{
        g_autoptr(GError) problem = NULL;

        if (remove_file(autostart, &problem) >= 0 && remove_file(definition, &problem) >= 0)
                return 0;
        /* It went, though the disk may not know that yet: there is no way back. */
        if (access(definition, F_OK) < 0) {
                g_warning("%s", problem->message);
                return 0;
        }
        g_propagate_error(error, g_steal_pointer(&problem));
        return -1;
}

/* The new definition is written before the old one goes: a crash between leaves both, of one UUID,
 * of which the loader takes one and complains of the other. */
int qemu_definition_rename(LocalDomain *local, const char *name, const char *text, GError **error)
{
        QemuDomain *domain = qemu_domain(local);
        QemuConnection *connection = qemu_connection(domain);
        g_autofree char *old = definition_path(domain), *old_link = autostart_path(domain);
        g_autofree char *new = qemu_path(connection->definitions, name, ".xml");
        g_autofree char *new_link = qemu_path(connection->autostart, name, ".xml");
        g_autofree char *whole = with_owner(domain, text);
        bool autostart = domain->local.domain.properties.autostart;
        int r = file_replace(new, whole, strlen(whole), 0600);

        if (r < 0)
                return error_set_errno(error, r, "cannot write '%s'", new);
        r = autostart ? link_autostart(connection->autostart, new, name, error) : 0;
        if (r >= 0) {
                /* Who reads it meanwhile is to find it. */
                domain->renamed_to = name;
                r = remove_old(old, old_link, error);
                domain->renamed_to = NULL;
        }
        if (r >= 0)
                return 0;
        file_remove(new_link);
        file_remove(new);
        if (autostart)
                link_autostart(connection->autostart, old, qemu_name(domain), NULL);
        return -1;
}

/* Definitions that are there. */

/* The head of a definition, from memory or from the document. */
static int read_head(QemuConnection *self, const char *file, const char *path,
        const struct stat *status, DomainConfig **ret, char **ret_owner, GError **error)
{
        g_autofree char *text = NULL;
        int r;

        *ret = local_heads_find(self->heads, file, status, ret_owner);
        if (*ret)
                return 0;
        r = file_read(path, DEFINITION_MAX, &text, NULL);
        if (r < 0)
                return error_set_errno(error, r, "cannot read '%s'", path);
        if (domain_config_parse_head(text, ret, error) < 0)
                return error_prefix(error, "'%s'", path);
        *ret_owner = owner_of(text);
        return 1;
}

static int load_definition(QemuConnection *self, const char *file, bool autostart, GError **error)
{
        g_autofree char *path = g_build_filename(self->definitions, file, NULL), *owner = NULL;
        /* A document of another name is another domain's. */
        g_autofree char *name = g_strndup(file, strlen(file) - strlen(".xml"));
        g_autoptr(DomainConfig) head = NULL;
        LocalDomain *domain;
        struct stat status;
        int r;

        if (stat(path, &status) < 0)
                return error_set_errno(error, errno, "cannot read '%s'", path);
        r = read_head(self, file, path, &status, &head, &owner, error);
        if (r < 0)
                return -1;
        if (local_domain_restore_head(&self->local, name, head, autostart, &domain, error) < 0)
                return error_prefix(error, "'%s'", path);
        object_set_string(domain, DOMAIN_PROPERTY_OWNER, owner);
        if (r > 0)
                local_heads_add(self->heads, file, &status, head, owner);
        return 0;
}

/* The files that are to be started with the host. */
static GHashTable *autostarted(const QemuConnection *self)
{
        GHashTable *files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autoptr(GDir) directory = g_dir_open(self->autostart, 0, NULL);
        const char *file;

        while (directory && (file = g_dir_read_name(directory))) {
                g_autofree char *path = g_build_filename(self->autostart, file, NULL);

                if (g_file_test(path, G_FILE_TEST_IS_SYMLINK))
                        g_hash_table_add(files, g_strdup(file));
        }
        return files;
}

void qemu_definitions_load(QemuConnection *self)
{
        g_autoptr(GDir) directory = g_dir_open(self->definitions, 0, NULL);
        g_autoptr(GHashTable) links = autostarted(self);
        g_autofree char *heads = g_build_filename(self->cache, "heads", NULL);
        const char *file;

        self->heads = local_heads_open(heads);
        while (directory && (file = g_dir_read_name(directory))) {
                g_autoptr(GError) error = NULL;

                if (file[0] == '.' && g_str_has_suffix(file, ".new")) {
                        /* A replacement that a crash cut short. */
                        g_autofree char *path = g_build_filename(self->definitions, file, NULL);

                        unlink(path);
                } else if (g_str_has_suffix(file, ".xml") &&
                        load_definition(self, file, g_hash_table_contains(links, file), &error) < 0)
                        g_warning("%s", error->message);
        }
}

void qemu_definitions_save_heads(QemuConnection *self)
{
        g_autoptr(LocalHeads) heads = g_steal_pointer(&self->heads);
        int r = local_heads_save(heads);

        /* A cache: the next start reads the documents. */
        if (r < 0)
                g_info("the heads of the definitions in '%s' cannot be saved: %s",
                        self->definitions, g_strerror(-r));
}
