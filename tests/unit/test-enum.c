/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/enum.h"

#include <errno.h>

typedef enum Fruit {
        FRUIT_APPLE,
        FRUIT_HIDDEN,
        FRUIT_PEAR,
        FRUIT_NAMELESS,
        FRUIT_PLUM,
        FRUIT_MAX,
} Fruit;

extern const EnumTable fruit;
ENUM_TABLE(fruit, "fruit", FRUIT_MAX, "apple", NULL, "pear", "", "plum");

static void test_round_trip(void)
{
        for (int value = 0; value < FRUIT_MAX; value++) {
                const char *name = enum_name(&fruit, value);

                if (name)
                        g_assert_cmpint(enum_value(&fruit, name), ==, value);
        }
        g_assert_cmpstr(fruit.what, ==, "fruit");
        g_assert_cmpint(fruit.n_names, ==, FRUIT_MAX);
        g_assert_cmpstr(enum_name(&fruit, FRUIT_PLUM), ==, "plum");
        g_assert_cmpint(enum_value(&fruit, "pear"), ==, FRUIT_PEAR);
}

static void test_unknown(void)
{
        static const char *const names[] = { "", "Apple", "apple ", "appl", "cherry", "0" };

        g_assert_null(enum_name(&fruit, -1));
        g_assert_null(enum_name(&fruit, FRUIT_MAX));
        g_assert_null(enum_name(&fruit, G_MAXINT));
        g_assert_null(enum_name(&fruit, FRUIT_HIDDEN));
        g_assert_null(enum_name(&fruit, FRUIT_NAMELESS));
        g_assert_cmpint(enum_value(&fruit, NULL), ==, -EINVAL);
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                g_assert_cmpint(enum_value(&fruit, names[i]), ==, -EINVAL);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/enum/round-trip", test_round_trip);
        g_test_add_func("/enum/unknown", test_unknown);
        return g_test_run();
}
