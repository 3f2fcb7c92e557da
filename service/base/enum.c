/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/enum.h"

#include <errno.h>

const char *enum_name(const EnumTable *table, int value)
{
        if (value < 0 || value >= table->n_names)
                return NULL;
        if (!table->names[value] || !table->names[value][0])
                return NULL;
        return table->names[value];
}

int enum_value(const EnumTable *table, const char *name)
{
        if (!name || !name[0])
                return -EINVAL;
        for (int i = 0; i < table->n_names; i++)
                if (g_strcmp0(table->names[i], name) == 0)
                        return i;
        return -EINVAL;
}
