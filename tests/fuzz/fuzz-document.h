/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A target for documents of one type: any bytes are refused, or a config that is the same when it
 * is written and read again. What it is made of are functions, or macros that look like them. */

#include "tests/fuzz/fuzz.h"

/* void check_round_trip(const Type *config), of
 *
 *      int parse(const char *xml, Type **ret, GError **error)
 *      char *format(const Type *config) */
#define FUZZ_ROUND_TRIP(Type, parse, format)                           \
        static void check_round_trip(const Type *config)               \
        {                                                              \
                g_autofree char *once = format(config), *twice = NULL; \
                g_autoptr(Type) again = NULL;                          \
                g_autoptr(GError) error = NULL;                        \
                                                                       \
                if (parse(once, &again, &error) < 0)                   \
                        g_error("%s: %s", error->message, once);       \
                twice = format(again);                                 \
                g_assert_cmpstr(once, ==, twice);                      \
        }

/* void check_identity(const char *xml, const Type *config): what identifies the document is what is
 * in it, for who was authorized to define one must not define another. Without config, which could
 * not be read, it may be anything. Of
 *
 *      int identify(const char *xml, char **ret_name, GError **error), and the same with a UUID */
#define FUZZ_NAME(Type, identify)                                                         \
        static void check_identity(const char *xml, const Type *config)                   \
        {                                                                                 \
                g_autofree char *name = NULL;                                             \
                int r = identify(xml, &name, NULL);                                       \
                                                                                          \
                g_assert_true(!config || (r == 0 && g_strcmp0(name, config->name) == 0)); \
        }
#define FUZZ_NAME_AND_UUID(Type, identify)                               \
        static void check_identity(const char *xml, const Type *config)  \
        {                                                                \
                g_autofree char *name = NULL, *uuid = NULL;              \
                int r = identify(xml, &name, &uuid, NULL);               \
                                                                         \
                g_assert_true(!config ||                                 \
                        (r == 0 && g_strcmp0(name, config->name) == 0 && \
                                g_strcmp0(uuid, config->uuid) == 0));    \
        }

/* void check_document(const char *xml), with check_identity() and
 *
 *      bool complete(Type *config)
 *
 * which fills in what is left out; false where that cannot be read again. */
#define FUZZ_CHECK(Type, parse, format, complete)   \
        FUZZ_ROUND_TRIP(Type, parse, format)        \
        static void check_document(const char *xml) \
        {                                           \
                g_autoptr(Type) config = NULL;      \
                                                    \
                if (parse(xml, &config, NULL) < 0)  \
                        g_assert_null(config);      \
                check_identity(xml, config);        \
                if (!config)                        \
                        return;                     \
                check_round_trip(config);           \
                if (complete(config))               \
                        check_round_trip(config);   \
        }

/* The whole target. */
#define FUZZ_DOCUMENT(Type, parse, format, complete)                        \
        FUZZ_CHECK(Type, parse, format, complete)                           \
        int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)        \
        {                                                                   \
                g_autofree char *xml = g_strndup((const char *)data, size); \
                                                                            \
                check_document(xml);                                        \
                return 0;                                                   \
        }
