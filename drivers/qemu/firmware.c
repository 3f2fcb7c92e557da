/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/qemu/firmware.h"

#include <fnmatch.h>
#include <glob.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "drivers/qemu/binary.h"
#include "service/base/error.h"
#include "service/base/file.h"

#define DESCRIPTOR_MAX (64 * 1024)
#define DESCRIPTORS_MAX 256

const char *const firmware_directories[] = { "/usr/share/qemu/firmware", "/etc/qemu/firmware",
        NULL };

void firmware_free(Firmware *firmware)
{
        if (!firmware)
                return;
        g_free(firmware->code);
        g_free(firmware->code_format);
        g_free(firmware->template);
        g_free(firmware->template_format);
        g_free(firmware);
}

static const char *string_of(json_t *object, const char *key)
{
        return json_string_value(json_object_get(object, key));
}

static bool has_word(json_t *array, const char *word)
{
        json_t *each;
        size_t i;

        json_array_foreach (array, i, each) {
                if (g_strcmp0(json_string_value(each), word) == 0)
                        return true;
        }
        return false;
}

static bool is_for(json_t *targets, const char *arch, const char *machine)
{
        json_t *target, *pattern;
        size_t i, j;

        json_array_foreach (targets, i, target) {
                if (g_strcmp0(string_of(target, "architecture"), qemu_target_of_arch(arch)) != 0)
                        continue;
                json_array_foreach (json_object_get(target, "machines"), j, pattern) {
                        if (json_is_string(pattern) &&
                                fnmatch(json_string_value(pattern), machine, 0) == 0)
                                return true;
                }
        }
        return false;
}

/* NULL for what is not a UEFI flash image with a template for its variables, or not for this
 * machine. */
static Firmware *parse(const char *path, const char *arch, const char *machine)
{
        json_t *json, *mapping, *code, *template, *features;
        g_autofree char *text = NULL;
        Firmware *firmware = NULL;
        size_t size;

        if (file_read(path, DESCRIPTOR_MAX, &text, &size) < 0)
                return NULL;
        json = json_loadb(text, size, 0, NULL);
        mapping = json_object_get(json, "mapping");
        code = json_object_get(mapping, "executable");
        template = json_object_get(mapping, "nvram-template");
        features = json_object_get(json, "features");
        if (has_word(json_object_get(json, "interface-types"), "uefi") &&
                g_strcmp0(string_of(mapping, "device"), "flash") == 0 &&
                is_for(json_object_get(json, "targets"), arch, machine) &&
                string_of(code, "filename") && string_of(code, "format") &&
                string_of(template, "filename") && string_of(template, "format")) {
                firmware = g_new(Firmware, 1);
                *firmware = (Firmware){ .code = g_strdup(string_of(code, "filename")),
                        .code_format = g_strdup(string_of(code, "format")),
                        .template = g_strdup(string_of(template, "filename")),
                        .template_format = g_strdup(string_of(template, "format")),
                        .secure_boot = has_word(features, "secure-boot"),
                        .enrolled_keys = has_word(features, "enrolled-keys"),
                        .requires_smm = has_word(features, "requires-smm") };
        }
        json_decref(json);
        return firmware;
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *firmware_list(const char *const *directories, const char *arch, const char *machine)
{
        GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)firmware_free);
        g_autoptr(GHashTable) paths =
                g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_autofree char **names = NULL;
        guint n;

        for (directories = directories ? directories : firmware_directories; *directories;
                directories++) {
                g_autofree char *pattern = g_strconcat(*directories, "/*.json", NULL);
                glob_t found = { 0 };

                if (glob(pattern, 0, NULL, &found) == 0)
                        for (size_t i = 0; i < found.gl_pathc; i++)
                                if (g_hash_table_size(paths) < DESCRIPTORS_MAX)
                                        g_hash_table_insert(paths,
                                                g_path_get_basename(found.gl_pathv[i]),
                                                g_strdup(found.gl_pathv[i]));
                globfree(&found);
        }
        names = (char **)g_hash_table_get_keys_as_array(paths, &n);
        if (n > 0)
                qsort(names, n, sizeof(*names), compare_names);
        for (guint i = 0; i < n; i++) {
                Firmware *firmware = parse(g_hash_table_lookup(paths, names[i]), arch, machine);

                if (firmware)
                        g_ptr_array_add(list, firmware);
        }
        return list;
}

static bool fits(const Firmware *firmware, const FirmwareWish *wish)
{
        if (wish->secure == SWITCH_ON && !firmware->secure_boot)
                return false;
        if (wish->secure == SWITCH_OFF && firmware->secure_boot)
                return false;
        return wish->smm != SWITCH_OFF || !firmware->requires_smm;
}

int firmware_choose(
        const char *const *directories, const FirmwareWish *wish, Firmware **ret, GError **error)
{
        g_autoptr(GPtrArray) list = firmware_list(directories, wish->arch, wish->machine);

        for (guint i = 0; i < list->len; i++) {
                Firmware *firmware = list->pdata[i];

                if (fits(firmware, wish) && access(firmware->code, R_OK) == 0) {
                        list->pdata[i] = NULL;
                        *ret = firmware;
                        return 0;
                }
        }
        return error_set(
                error, ERROR_OPERATION_FAILED, "Unable to find any firmware to satisfy 'efi'");
}

int firmware_fill(const char *const *directories, DomainConfig *config, GError **error)
{
        const SmmFeature *smm = config->features.smm;
        FirmwareWish wish = { .arch = config->os.type.arch,
                .machine = config->os.type.machine,
                .secure = config->os.loader.secure,
                .smm = !smm ? SWITCH_ABSENT : switch_from(smm->state != SWITCH_OFF) };
        g_autoptr(Firmware) firmware = NULL;

        if (config->os.firmware != OS_FIRMWARE_EFI || config->os.loader.path)
                return 0;
        if (config->os.firmware_features || config->os.kept.elements)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "the QEMU driver cannot choose a firmware by its features yet");
        if (firmware_choose(directories, &wish, &firmware, error) < 0)
                return -1;

        config->os.loader.path = g_strdup(firmware->code);
        config->os.loader.type = LOADER_PFLASH;
        config->os.loader.readonly = SWITCH_ON;
        if (firmware->requires_smm) {
                config->os.loader.secure = SWITCH_ON;
                if (!config->features.smm)
                        config->features.smm = g_new0(SmmFeature, 1);
                config->features.smm->state = SWITCH_ON;
        }
        if (!config->os.nvram.template)
                config->os.nvram.template = g_strdup(firmware->template);
        return 0;
}
