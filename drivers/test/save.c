/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Guests in files. An image of a guest is a line of text and the configuration it ran with; a core
 * is a line of text. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drivers/test/test.h"
#include "service/base/file.h"

static const char image_magic[] = "virtbus test guest image 1\n";
static const char core_magic[] = "virtbus test guest core 1\n";

/* Beside the loop: a file may be anywhere. */

typedef struct Writing {
        const char *path;
        const char *text;
        int failed_open; /* -errno */
} Writing;

static int write_text(void *data)
{
        Writing *writing = data;
        size_t length = strlen(writing->text), done = 0;
        int r = 0, fd;

        /* What is no file is not waited for. */
        fd = open(writing->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                0600);
        if (fd < 0)
                return writing->failed_open = -errno;
        while (r >= 0 && done < length) {
                ssize_t n = write(fd, writing->text + done, length - done);

                if (n < 0 && errno != EINTR)
                        r = -errno;
                else if (n > 0)
                        done += (size_t)n;
        }
        if (close(fd) < 0 && r >= 0)
                r = -errno;
        return r;
}

static int check_path(const char *path, const char *what, const char *function, GError **error)
{
        if (!path[0])
                return error_set_argument(error, "%s in %s must not be empty", what, function);
        if (path[0] != '/')
                return error_set_argument(
                        error, "%s in %s must be an absolute path: '%s'", what, function, path);
        return 0;
}

static int no_other_xml(const char *xml, GError **error)
{
        return xml[0] ?
                error_set(error, ERROR_ARGUMENT_UNSUPPORTED, "xml modification unsupported") :
                0;
}

static int write_image(const char *name, const char *path, const char *xml, GError **error)
{
        g_autofree char *text = g_strconcat(image_magic, xml, NULL);
        Writing writing = { .path = path, .text = text };
        int r = offload("writing the image of a guest", write_text, &writing);

        if (r >= 0)
                return 0;
        return error_set_errno(error, r, "saving domain '%s' to '%s': %s failed", name, path,
                writing.failed_open ? "open" : "write");
}

/* The document in an image, which belongs to *ret_text. */
static const char *read_image(const char *path, char **ret_text, GError **error)
{
        g_autofree char *text = NULL;
        int r = file_load(path, XML_MAX_BYTES + sizeof image_magic, &text, NULL);

        if (r < 0) {
                error_set_errno(error, r, "cannot read domain image '%s'", path);
                return NULL;
        }
        if (!g_str_has_prefix(text, image_magic)) {
                error_set(error, ERROR_INTERNAL_ERROR, "mismatched header magic");
                return NULL;
        }
        *ret_text = g_steal_pointer(&text);
        return *ret_text + strlen(image_magic);
}

TEST_GUEST(save, Save)
{
        g_autofree char *xml = NULL;

        (void)out;
        if (check_path(in->to, "to", "virDomainSave", error) < 0 ||
                test_flags(in->flags, 0, "testDomainSaveFlags", error) < 0 ||
                no_other_xml(in->xml, error) < 0 || domain_require_active(domain, error) < 0)
                return -1;
        xml = domain_config_format(
                test_local(domain)->live, DOMAIN_XML_INACTIVE | DOMAIN_XML_SECURE);
        if (write_image(domain->properties.name, in->to, xml, error) < 0)
                return -1;
        /* It may have been destroyed while that was written. */
        if (domain_require_active(domain, error) < 0)
                return -1;
        test_stopped(domain, SHUTOFF_SAVED, STOPPED_SAVED);
        return 0;
}

TEST_HOST(domain_restore, DomainRestore)
{
        g_autoptr(DomainConfig) config = NULL;
        g_autoptr(Domain) domain = NULL;
        g_autofree char *text = NULL;
        const char *xml;
        Domain *there;

        (void)out;
        if (check_path(in->from, "from", "virDomainRestore", error) < 0 ||
                test_flags(in->flags, 0, "testDomainRestoreFlags", error) < 0 ||
                no_other_xml(in->xml, error) < 0)
                return -1;
        xml = read_image(in->from, &text, error);
        if (!xml || domain_config_parse(xml, DOMAIN_XML_INACTIVE, &config, error) < 0)
                return -1;
        there = registry_find(&connection->registry, DOMAIN_BY_NAME, config->name);
        if (there && domain_is_active(there))
                return error_set(error, ERROR_OPERATION_INVALID, "domain '%s' is already active",
                        config->name);
        return local_run((LocalConnection *)connection, xml, "DomainRestore", LOCAL_RESTORED, 0,
                &domain, error);
}

TEST_HOST(domain_save_image_get_xml_desc, DomainSaveImageGetXMLDesc)
{
        g_autoptr(DomainConfig) config = NULL;
        g_autofree char *text = NULL;
        const char *xml;

        (void)connection;
        if (check_path(in->file, "file", "virDomainSaveImageGetXMLDesc", error) < 0)
                return -1;
        xml = read_image(in->file, &text, error);
        if (!xml || domain_config_parse(xml, DOMAIN_XML_INACTIVE, &config, error) < 0)
                return -1;
        out->xml = domain_config_format(config, DOMAIN_XML_INACTIVE | in->flags);
        return 0;
}

TEST_HOST(domain_save_image_define_xml, DomainSaveImageDefineXML)
{
        enum {
                SAVE_RUNNING = 1 << 1,
                SAVE_PAUSED = 1 << 2,
        };
        LocalConnection *self = (LocalConnection *)connection;
        g_autoptr(DomainConfig) config = NULL;
        g_autofree char *text = NULL, *old = NULL;

        (void)out;
        if (check_path(in->file, "file", "virDomainSaveImageDefineXML", error) < 0 ||
                test_flags(in->flags, SAVE_RUNNING | SAVE_PAUSED, "testDomainSaveImageDefineXML",
                        error) < 0)
                return -1;
        if (!read_image(in->file, &old, error) ||
                domain_config_parse(in->xml, DOMAIN_XML_INACTIVE, &config, error) < 0 ||
                self->hooks->complete(self, config, error) < 0 ||
                domain_config_validate(config, error) < 0 ||
                local_format(config, DOMAIN_XML_INACTIVE, &text, error) < 0)
                return -1;
        return write_image(config->name, in->file, text, error);
}

TEST_GUEST(core_dump, CoreDump)
{
        enum {
                DUMP_CRASH = 1 << 0,
                FORMAT_RAW = 0,
        };
        Writing writing = { .path = in->to, .text = core_magic };
        int r;

        (void)out;
        if (check_path(in->to, "to", "virDomainCoreDump", error) < 0 ||
                test_flags(in->flags, DUMP_CRASH, "testDomainCoreDumpWithFormat", error) < 0 ||
                domain_require_active(domain, error) < 0)
                return -1;
        if (in->dumpformat != FORMAT_RAW)
                return error_set(error, ERROR_OPERATION_UNSUPPORTED,
                        "kdump-compressed format is not supported here");
        r = offload("writing the core of a guest", write_text, &writing);
        if (r < 0)
                return error_set_errno(error, r, "domain '%s' coredump: failed to %s %s",
                        domain->properties.name, writing.failed_open ? "open" : "write", in->to);
        if (!(in->flags & DUMP_CRASH))
                return 0;
        if (domain_require_active(domain, error) < 0)
                return -1;
        test_stopped(domain, SHUTOFF_CRASHED, STOPPED_CRASHED);
        return 0;
}

/* The service's own image: that it is there is all that is known of it. */

TEST_GUEST(managed_save, ManagedSave)
{
        enum {
                SAVE_RUNNING = 1 << 1,
                SAVE_PAUSED = 1 << 2,
                SAVE_RESET_NVRAM = 1 << 3,
        };

        (void)out;
        if ((in->flags & SAVE_RUNNING) && (in->flags & SAVE_PAUSED))
                return error_set_argument(error,
                        "running and paused flags in %s are mutually exclusive",
                        "virDomainManagedSave");
        if (test_flags(in->flags, (uint32_t)~SAVE_RESET_NVRAM, "testDomainManagedSave", error) <
                        0 ||
                domain_require_active(domain, error) < 0)
                return -1;
        if (!domain->properties.persistent)
                return error_set(error, ERROR_OPERATION_INVALID,
                        "cannot do managed save for transient domain");
        object_set_bool(domain, DOMAIN_PROPERTY_HAS_MANAGED_SAVE, true);
        test_stopped(domain, SHUTOFF_SAVED, STOPPED_SAVED);
        return 0;
}

TEST_GUEST(managed_save_remove, ManagedSaveRemove)
{
        (void)in, (void)out, (void)error;
        object_set_bool(domain, DOMAIN_PROPERTY_HAS_MANAGED_SAVE, false);
        return 0;
}

TEST_GUEST(has_managed_save_image, HasManagedSaveImage)
{
        (void)in, (void)error;
        out->managed_save_image = domain->properties.has_managed_save;
        return 0;
}
