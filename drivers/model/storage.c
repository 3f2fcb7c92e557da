/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/storage.h"

#include <string.h>

static char *mode_normalize(const char *text)
{
        size_t n = strspn(text, "01234567");

        if (n == 0 || n > 5 || text[n])
                return NULL;
        return strtoul(text, NULL, 8) > 0777 ? NULL :
                                               g_strdup_printf("%04lo", strtoul(text, NULL, 8));
}

static bool omit_owner(const void *object, unsigned flags)
{
        (void)flags;
        return ((const StoragePermissions *)object)->owner.value == -1;
}

static bool omit_group(const void *object, unsigned flags)
{
        (void)flags;
        return ((const StoragePermissions *)object)->group.value == -1;
}

static const BindRow permissions_rows[] = {
        ELEMENT("mode", StoragePermissions, mode, STRING, .normalize = mode_normalize,
                .what = "octal mode"),
        ELEMENT("owner", StoragePermissions, owner, NUMBER(-1, UINT32_MAX - 1), OMIT(omit_owner)),
        ELEMENT("group", StoragePermissions, group, NUMBER(-1, UINT32_MAX - 1), OMIT(omit_group)),
        ELEMENT("label", StoragePermissions, label, STRING),
        BIND_END,
};
const BindType storage_permissions_type = BIND_TYPE(StoragePermissions, permissions_rows);

static const BindRow format_rows[] = {
        ATTRIBUTE("type", StorageFormat, type, STRING),
        BIND_END,
};
const BindType storage_format_type = BIND_TYPE(StorageFormat, format_rows);

char *storage_path_normalize(const char *path)
{
        GString *normal = g_string_new(NULL);

        for (const char *p = path; *p; p++)
                if (*p != '/' || p == path || p[-1] != '/')
                        g_string_append_c(normal, *p);
        if (normal->len > 1 && normal->str[normal->len - 1] == '/')
                g_string_truncate(normal, normal->len - 1);
        return g_string_free(normal, FALSE);
}
