/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Values laid out by a signature: what the interpreter takes the layout to be is what the compiler
 * made of the generated structs, and copies are deep, equal and freed. */

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "drivers/driver.h"
#include "drivers/layout.h"

static const ClassInfo *const classes[] = { &connection_class, &domain_class, &driver_class,
        &manager_class };

static void test_sizes(void)
{
        static const struct {
                const char *signature;
                size_t size;
        } cases[] = {
                { "", 0 },
                { "y", 1 },
                { "yu", 8 },
                { "yuy", 12 },
                { "nq", 4 },
                { "b", sizeof(int) },
                { "yx", 16 },
                { "yd", 16 },
                { "s", sizeof(char *) },
                { "as", sizeof(Array) },
                { "aaas", sizeof(Array) },
                { "a{sv}", sizeof(Params) },
                { "(yy)", 2 },
                { "y(yx)y", 32 },
                { "(y(y(yt)))", 32 },
                { "a(ii)u", 24 },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++)
                g_assert_cmpuint(layout_size(cases[i].signature), ==, cases[i].size);
}

/* Each generated struct, by its row. */
static void test_generated(void)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(classes); i++) {
                const ClassInfo *class = classes[i];

                for (unsigned m = 0; m < class->n_methods; m++) {
                        const MethodInfo *method = &class->methods[m];

                        g_assert_cmpuint(layout_size(method->in), ==, method->in_size);
                        /* What a handler writes itself, C has no struct for. */
                        if (!method->writes_reply)
                                g_assert_cmpuint(layout_size(method->out), ==, method->out_size);
                        g_assert_cmpint(method->flags_offset, <, (int)method->in_size);
                        g_assert_cmpint(method->identify_offset, <, (int)method->in_size);
                }
                for (unsigned p = 0; p < class->n_properties; p++) {
                        const PropertyInfo *property = &class->properties[p];
                        size_t end = property->offset + layout_size(property->signature);
                        LayoutType type = layout_type(property->signature);

                        g_assert_cmpuint(*type.end, ==, '\0');
                        g_assert_cmpuint(property->offset % type.align, ==, 0);
                        g_assert_cmpuint(end, <=,
                                p + 1 < class->n_properties ? class->properties[p + 1].offset :
                                                              class->properties_size);
                }
        }
}

static void test_types(void)
{
        LayoutType type = layout_type("a(sa{su})u");

        g_assert_cmpint(type.code, ==, 'a');
        g_assert_cmpstr(type.inner, ==, "(sa{su})u");
        g_assert_cmpstr(type.end, ==, "u");
        type = layout_type(type.inner);
        g_assert_cmpint(type.code, ==, '(');
        g_assert_cmpstr(type.inner, ==, "sa{su})u");
        g_assert_cmpstr(type.end, ==, "u");
        type = layout_type("a{sv}a{sv}");
        g_assert_cmpint(type.code, ==, 'P');
        g_assert_cmpstr(type.end, ==, "a{sv}");
}

typedef struct Everything {
        uint8_t y;
        char *s;
        struct {
                char **items;
                size_t n;
        } as;
        Params params;
        struct {
                struct {
                        char *name;
                        double number;
                } * items;
                size_t n;
        } pairs;
        Object *o;
} Everything;
#define EVERYTHING "ysasa{sv}a(sd)o"

static Everything everything(void)
{
        Everything value = { .y = 7, .s = g_strdup("text") };

        value.as.items = g_new0(char *, 2);
        value.as.items[0] = g_strdup("a");
        value.as.n = 2;
        value.pairs.items = g_malloc0(sizeof *value.pairs.items);
        value.pairs.items[0].name = g_strdup("pair");
        value.pairs.items[0].number = 0.5;
        value.pairs.n = 1;
        params_add_string(&value.params, "string", "x");
        params_add_uint64(&value.params, "large", UINT64_MAX);
        params_add_bool(&value.params, "truth", true);
        return value;
}

static void test_copies(void)
{
        Everything value = everything(), copy;

        g_assert_cmpuint(layout_size(EVERYTHING), ==, sizeof(Everything));
        memset(&copy, 0xaa, sizeof copy);
        layout_copy(EVERYTHING, &value, &copy);
        g_assert_true(layout_equal(EVERYTHING, &value, &copy));
        g_assert_true(value.s != copy.s && value.as.items != copy.as.items);
        g_assert_null(copy.o);

        /* Each difference is seen. */
        copy.y = 8;
        g_assert_false(layout_equal(EVERYTHING, &value, &copy));
        copy.y = 7;
        copy.as.n = 1;
        g_assert_false(layout_equal(EVERYTHING, &value, &copy));
        copy.as.n = 2;
        copy.pairs.items[0].number = 0.25;
        g_assert_false(layout_equal(EVERYTHING, &value, &copy));
        copy.pairs.items[0].number = 0.5;
        copy.params.items[1].t = 1;
        g_assert_false(layout_equal(EVERYTHING, &value, &copy));
        copy.params.items[1].t = UINT64_MAX;
        copy.params.items[0].s[0] = 'y';
        g_assert_false(layout_equal(EVERYTHING, &value, &copy));

        layout_clear(EVERYTHING, &value);
        layout_clear(EVERYTHING, &copy);
        g_assert_null(copy.s);
        g_assert_cmpuint(copy.params.n, ==, 0);
        /* What was cleared is empty, and can be cleared again. */
        layout_clear(EVERYTHING, &copy);
}

/* The memory of an array is filled again. */
static void test_elements(void)
{
        char **strings = g_new(char *, 2);
        Array array = { .items = strings, .n = 2 };

        strings[0] = g_strdup("first");
        strings[1] = g_strdup("second");
        layout_clear_elements("s", &array);
        g_assert_true(array.items == strings && array.n == 0);
        strings[array.n++] = g_strdup("third");
        layout_clear("as", &array);
        g_assert_null(array.items);
}

/* What is owned counts, down to the end of each string. */
static void test_weights(void)
{
        Everything value = everything(), copy;
        size_t before = layout_weight(EVERYTHING, &value), members = 1 + 2 * sizeof(void *),
               strings = sizeof "text" + sizeof "a" + sizeof "pair" + sizeof "x";

        members += sizeof value.as + sizeof value.params + sizeof value.pairs;
        g_assert_cmpuint(before, ==,
                members + 2 * sizeof(char *) + 3 * sizeof(Param) + sizeof *value.pairs.items +
                        strings);
        g_assert_cmpuint(layout_weight("", &value), ==, 0);

        /* A copy owns the names, too. */
        layout_copy(EVERYTHING, &value, &copy);
        g_assert_cmpuint(layout_weight(EVERYTHING, &copy), ==,
                before + sizeof "string" + sizeof "large" + sizeof "truth");
        layout_clear(EVERYTHING, &value);
        g_assert_cmpuint(layout_weight(EVERYTHING, &value), ==, members);
        layout_clear(EVERYTHING, &copy);
}

/* Strings and descriptors of a message are not ours; arrays that hold them are. */
static void test_borrowed(void)
{
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        struct {
                char *s;
                int h;
                Array as;
        } value = { .s = (char *)"literal", .h = fd };
        char **strings = g_new(char *, 1);

        strings[0] = (char *)"literal";
        value.as = (Array){ .items = strings, .n = 1 };
        layout_clear_borrowed("shas", &value);
        g_assert_cmpint(fcntl(fd, F_GETFD), >=, 0);
        value.h = fd;
        layout_clear("h", &value.h);
        g_assert_cmpint(fcntl(fd, F_GETFD), <, 0);
}

static void test_params(void)
{
        Params params = { 0 };

        for (int i = 0; i < 100; i++)
                params_add(&params,
                        (Param){ .name = g_strdup_printf("p%d", i),
                                .name_owned = true,
                                .type = 'i',
                                .i = i });
        g_assert_cmpint(params_find(&params, "p77")->i, ==, 77);
        g_assert_null(params_find(&params, "p100"));
        params_clear(&params);
        g_assert_null(params_find(&params, "p0"));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/layout/sizes", test_sizes);
        g_test_add_func("/layout/generated", test_generated);
        g_test_add_func("/layout/types", test_types);
        g_test_add_func("/layout/copies", test_copies);
        g_test_add_func("/layout/elements", test_elements);
        g_test_add_func("/layout/weights", test_weights);
        g_test_add_func("/layout/borrowed", test_borrowed);
        g_test_add_func("/layout/params", test_params);
        return g_test_run();
}
