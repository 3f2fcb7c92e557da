/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "drivers/model/bind.h"

/* A toy document with a row of each kind. */

typedef enum Color {
        COLOR_ABSENT,
        COLOR_RED,
        COLOR_GREEN,
        COLOR_MAX
} Color;

ENUM_TABLE(color_names, "color", COLOR_MAX, [COLOR_RED] = "red", [COLOR_GREEN] = "green");

typedef struct Wheel {
        Kept kept;
        Number size;
        Color color;
} Wheel;

typedef struct Engine {
        Kept kept;
        Color color; /* red: power, green: charge */
        union {
                Number power;
                char *charge;
        };
} Engine;

typedef struct Extra {
        Kept kept;
        char *name;
        Number size;
} Extra;

typedef struct Options {
        Switch fast;
        Switch loud;
} Options;

typedef struct Car {
        Kept kept;
        char *plate;
        Color color;
        Number doors;
        unsigned slot;
        Number serial;
        char *uuid;
        char *mac;
        char *secret;
        Number live;
        Options options;
        Number load; /* KiB */
        char *owner;
        Number year;
        bool sold;
        char *notes;
        Engine engine;
        Engine *spare;
        Wheel **wheels;
        size_t n_wheels;
        Extra **extras;
        size_t n_extras;
} Car;

static bool live_is_omitted(const void *object, unsigned flags)
{
        const Car *car = object;

        return (flags & BIND_INACTIVE) && car->live.value > 100;
}

static const BindRow wheel_rows[] = {
        ATTRIBUTE("size", Wheel, size, NUMBER(1, 30), REQUIRED),
        ATTRIBUTE("color", Wheel, color, ENUM(color_names)),
        BIND_END,
};
static const BindType wheel_type = BIND_TYPE(Wheel, wheel_rows);

static const BindRow red_rows[] = {
        ATTRIBUTE("power", Engine, power, NUMBER(-5, 500)),
        BIND_END,
};
static const BindRow green_rows[] = {
        ELEMENT("charge", Engine, charge, STRING),
        BIND_END,
};
static const BindCase engine_cases[] = {
        { COLOR_RED, red_rows },
        { COLOR_GREEN, green_rows },
        {},
};
static const BindRow engine_rows[] = {
        ATTRIBUTE("color", Engine, color, ENUM(color_names)),
        CASES(Engine, color, engine_cases),
        BIND_END,
};
static const BindType engine_type = BIND_TYPE(Engine, engine_rows);

static const BindRow extra_rows[] = {
        TEXT(Extra, size, SIZE(1024, 1 << 30)),
        BIND_END,
};
static const BindType extra_type = {
        .size = sizeof(Extra), .rows = extra_rows, .name_offset = offsetof(Extra, name)
};

static const BindRow options_rows[] = {
        ATTRIBUTE("fast", Options, fast, YES_NO),
        ATTRIBUTE("loud", Options, loud, ON_OFF),
        BIND_END,
};

static const BindRow car_rows[] = {
        ATTRIBUTE("plate", Car, plate, STRING),
        ATTRIBUTE("color", Car, color, ENUM(color_names)),
        ATTRIBUTE("doors", Car, doors, NUMBER(0, 5)),
        ATTRIBUTE("slot", Car, slot, UNSIGNED_HEX(2, 0xff)),
        ATTRIBUTE("serial", Car, serial, HEX(4, 0xffff)),
        ATTRIBUTE("uuid", Car, uuid, UUID),
        ATTRIBUTE("mac", Car, mac, MAC),
        ATTRIBUTE("secret", Car, secret, STRING, SECRET),
        ATTRIBUTE("live", Car, live, NUMBER(0, 1000), OMIT(live_is_omitted, .instead = "-1")),
        GROUP(Car, options, options_rows),
        ELEMENT("owner", Car, owner, STRING),
        ELEMENT("year", Car, year, NUMBER(1886, 3000), LIVE),
        FLAG("sold", Car, sold),
        SUBTREE("notes", Car, notes),
        CHILD("engine", Car, engine, engine_type),
        POINTER("spare", Car, spare, engine_type),
        LIST("wheel", Car, wheels, wheel_type),
        REST,
        LIST("radio", Car, extras, extra_type),
        ANY(Car, extras, extra_type),
        BIND_END,
};
static const BindType car_type = BIND_TYPE(Car, car_rows);

static Car *parse(const char *xml, unsigned flags, GError **error)
{
        g_autoptr(xmlDoc) doc = xml_parse(xml, strlen(xml), "car", error);
        Car *car;

        if (!doc)
                return NULL;
        car = g_new0(Car, 1);
        if (bind_parse(&car_type, xmlDocGetRootElement(doc), flags, car, error) == 0)
                return car;
        bind_free(&car_type, car);
        return NULL;
}

static char *format(const Car *car, unsigned flags)
{
        XmlWriter writer = { .out = g_string_new(NULL) };

        bind_format(&car_type, "car", car, flags, &writer);
        return g_string_free(writer.out, FALSE);
}

static const char full[] =
        "<car xmlns:x='urn:x' plate='B &amp; &apos;X&apos;' color='green' doors='4' slot='0x0a' serial='0x00ff'"
        " uuid='5f0c7d1e-0000-4000-8000-000000000001' mac='52:54:00:ab:cd:ef' secret='s' live='7'"
        " fast='yes' loud='off' unknown='&lt;' x:other='1'>\n"
        "  <owner>A &lt;person&gt;</owner>\n"
        "  <year>1999</year>\n"
        "  <sold/>\n"
        "  <notes at='x'>\n"
        "    <note>text  as it is</note>\n"
        "    <note/>\n"
        "  </notes>\n"
        "  <engine color='green'>\n"
        "    <charge>full</charge>\n"
        "  </engine>\n"
        "  <spare/>\n"
        "  <wheel size='1'/>\n"
        "  <wheel size='30' color='red' grip='good'>\n"
        "    <nut/>\n"
        "  </wheel>\n"
        "  <radio unit='KiB'>2</radio>\n"
        "  <x:thing>\n"
        "    <x:deep/>\n"
        "  </x:thing>\n"
        "  <unknown/>\n"
        "</car>\n";

/* All kinds of rows come back as they were, and the struct has them. */
static void test_round_trip(void)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *out = NULL, *again = NULL;
        Car *car = parse(full, 0, &error), *copy;

        g_assert_no_error(error);
        g_assert_cmpstr(car->plate, ==, "B & 'X'");
        g_assert_cmpint(car->color, ==, COLOR_GREEN);
        g_assert_cmpint(car->slot, ==, 10);
        g_assert_cmpint(car->serial.value, ==, 255);
        g_assert_cmpint(car->options.fast, ==, SWITCH_ON);
        g_assert_cmpint(car->options.loud, ==, SWITCH_OFF);
        g_assert_true(car->sold);
        g_assert_cmpstr(car->engine.charge, ==, "full");
        g_assert_nonnull(car->spare);
        g_assert_cmpint(car->n_wheels, ==, 2);
        g_assert_cmpstr(car->wheels[1]->kept.attributes, ==, " grip='good'");
        g_assert_cmpint(car->n_extras, ==, 2);
        g_assert_cmpstr(car->extras[0]->name, ==, "radio");
        g_assert_cmpstr(car->extras[1]->name, ==, "unknown");

        out = format(car, BIND_WITH_SECRETS);
        /* Known attributes first, then the kept ones; namespaces among those. */
        g_assert_nonnull(strstr(out, "loud='off' xmlns:x='urn:x' unknown='&lt;' x:other='1'>"));
        g_assert_nonnull(strstr(
                out, "  <x:thing>\n    <x:deep/>\n  </x:thing>\n  <radio unit='KiB'>2</radio>\n"));
        g_assert_nonnull(strstr(out, "    <note>text  as it is</note>\n"));

        copy = bind_duplicate(&car_type, car);
        bind_free(&car_type, car);
        again = format(copy, BIND_WITH_SECRETS);
        g_assert_cmpstr(again, ==, out);
        bind_free(&car_type, copy);

        car = parse(out, 0, &error);
        g_assert_no_error(error);
        g_clear_pointer(&again, g_free);
        again = format(car, BIND_WITH_SECRETS);
        g_assert_cmpstr(again, ==, out);
        bind_free(&car_type, car);
}

static void test_flags(void)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *out = NULL, *inactive = NULL;
        Car *car = parse("<car secret='s' live='200'><year>2000</year></car>", 0, &error);

        g_assert_no_error(error);
        out = format(car, 0);
        g_assert_cmpstr(out, ==, "<car slot='0x00' live='200'>\n  <year>2000</year>\n</car>\n");
        inactive = format(car, BIND_INACTIVE);
        g_assert_cmpstr(inactive, ==, "<car slot='0x00' live='-1'/>\n");
        bind_free(&car_type, car);

        car = parse("<car secret='s' live='200'><year>2000</year></car>", BIND_INACTIVE, &error);
        g_assert_no_error(error);
        g_assert_false(car->year.set);
        g_assert_false(car->live.set);
        bind_free(&car_type, car);
}

static void test_refused(void)
{
        static const struct {
                const char *xml, *message;
        } cases[] = {
                { "<car color='blue'/>",
                        "XML error: /car/@color: 'blue' is not a color (red, green)" },
                { "<car doors='6'/>", "XML error: /car/@doors: '6' is not a number from 0 to 5" },
                { "<car doors='-1'/>", "XML error: /car/@doors: '-1' is not a number from 0 to 5" },
                { "<car doors='4x'/>", "XML error: /car/@doors: '4x' is not a number from 0 to 5" },
                { "<car doors=''/>", "XML error: /car/@doors: '' is not a number from 0 to 5" },
                { "<car doors='0x4'/>",
                        "XML error: /car/@doors: '0x4' is not a number from 0 to 5" },
                { "<car doors='99999999999999999999'/>",
                        "XML error: /car/@doors: '99999999999999999999' is not a number from 0 to 5" },
                { "<car slot='0x100'/>",
                        "XML error: /car/@slot: '0x100' is not a number from 0 to 255" },
                { "<car uuid='12'/>", "XML error: /car/@uuid: '12' is not a UUID" },
                { "<car mac='53:54:00:00:00:01'/>",
                        "XML error: /car/@mac: '53:54:00:00:00:01' is not a unicast MAC address" },
                { "<car fast='on'/>", "XML error: /car/@fast: 'on' is not a yes or no (yes, no)" },
                { "<car><wheel size='3'/><wheel/></car>",
                        "XML error: /car/wheel[2]: attribute 'size' is missing" },
                { "<car><wheel size='3'/><wheel size='31'/></car>",
                        "XML error: /car/wheel[2]/@size: '31' is not a number from 1 to 30" },
                { "<car><owner>a</owner><owner>b</owner></car>",
                        "XML error: /car/owner[2]: there can be only one" },
                { "<car><year> 12 </year></car>",
                        "XML error: /car/year: ' 12 ' is not a number from 1886 to 3000" },
                { "<car><year/></car>",
                        "XML error: /car/year: '' is not a number from 1886 to 3000" },
                { "<car><engine color='red' power='x'/></car>",
                        "XML error: /car/engine/@power: 'x' is not a number from -5 to 500" },
                { "<car><box unit='parsec'>1</box></car>",
                        "XML error: /car/box/@unit: 'parsec' is not a unit of sizes" },
                { "<car><box unit='EiB'>99</box></car>",
                        "XML error: /car/box: '99' is too large a size" },
                { "<car><box>9e3</box></car>", "XML error: /car/box: '9e3' is not a size" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;

                g_assert_null(parse(cases[i].xml, 0, &error));
                g_assert_nonnull(error);
                g_assert_cmpstr(error->message, ==, cases[i].message);
        }
}

static void test_sizes(void)
{
        static const struct {
                const char *xml;
                int64_t kib;
        } cases[] = {
                { "<car><box>5</box></car>", 5 },
                { "<car><box unit='b'>1025</box></car>", 2 },
                { "<car><box unit='bytes'>1024</box></car>", 1 },
                { "<car><box unit='KB'>1024</box></car>", 1000 },
                { "<car><box unit='k'>3</box></car>", 3 },
                { "<car><box unit='MiB'> 2\n</box></car>", 2048 },
                { "<car><box unit='GB'>1</box></car>", 976563 },
                { "<car><box unit='G'>1</box></car>", 1048576 },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;
                Car *car = parse(cases[i].xml, 0, &error);

                g_assert_no_error(error);
                g_assert_cmpint(car->extras[0]->size.value, ==, cases[i].kib);
                bind_free(&car_type, car);
        }
}

static void test_normalize(void)
{
        g_autofree char *uuid = uuid_normalize(" 5F0C7D1E000040008000-000000000001\n");
        g_autofree char *mac = mac_normalize("52:54:0:AB:c:1");

        g_assert_cmpstr(uuid, ==, "5f0c7d1e-0000-4000-8000-000000000001");
        g_assert_null(uuid_normalize("5f0c7d1e-0000-4000-8000-00000000000"));
        g_assert_null(uuid_normalize("5f0c7d1e-0000-4000-8000-0000000000011"));
        g_assert_null(uuid_normalize("5f0c7d1e-0000-4000-8000-00000000000g"));
        g_assert_null(uuid_normalize(""));
        g_assert_cmpstr(mac, ==, "52:54:00:ab:0c:01");
        g_assert_null(mac_normalize("52:54:00:00:00"));
        g_assert_null(mac_normalize("52:54:00:00:00:01:02"));
        g_assert_null(mac_normalize("52:54:00:00:00:001"));
}

static void test_lists(void)
{
        g_autoptr(GString) many = g_string_new("<car>");
        g_autoptr(GError) error = NULL;
        char **list = NULL;
        size_t n = 0;

        for (uintptr_t i = 0; i < 100; i++)
                list_append(&list, &n, (void *)i);
        list_remove(list, &n, 10);
        g_assert_cmpint(n, ==, 99);
        for (uintptr_t i = 0; i < n; i++)
                g_assert_true(list[i] == (char *)(i < 10 ? i : i + 1));
        g_free(list);

        for (int i = 0; i < BIND_MAX_LIST + 1; i++)
                g_string_append(many, "<wheel size='1'/>");
        g_string_append(many, "</car>");
        g_assert_null(parse(many->str, 0, &error));
        g_assert_cmpstr(
                error->message, ==, "XML error: /car/wheel[4097]: there are more than 4096");
}

/* What a declaration says of the encoding is not heard, nor does the mark of one stand in the way.
 */
static void test_encoding(void)
{
        static const char *const documents[] = {
                "<car plate='\u00e9\u4e16'/>",
                "<?xml version='1.0' encoding='UTF-8'?><car plate='\u00e9\u4e16'/>",
                "<?xml version='1.0' encoding='ISO-8859-1'?><car plate='\u00e9\u4e16'/>",
                "<?xml version='1.0' encoding='UTF-16'?><car plate='\u00e9\u4e16'/>",
                "\ufeff<car plate='\u00e9\u4e16'/>",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(documents); i++) {
                g_autoptr(GError) error = NULL;
                Car *car = parse(documents[i], 0, &error);

                g_assert_no_error(error);
                g_assert_cmpstr(car->plate, ==, "\u00e9\u4e16");
                bind_free(&car_type, car);
        }
}

static void test_door(void)
{
        g_autoptr(GString) deep = g_string_new(NULL), wide = g_string_new("<car");
        g_autofree char *large = g_strnfill(XML_MAX_BYTES + 1, 'x');
        static const struct {
                const char *xml, *message;
        } cases[] = {
                { "", "(car):1: Document is empty" },
                { "<car>\n<a>\n</b></car>",
                        "(car):3: Opening and ending tag mismatch: a line 2 and b\n</b></car>\n----^" },
                { "<!DOCTYPE car><car/>",
                        "XML error: (car): a document type declaration is not accepted" },
                { "<!DOCTYPE car [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><car>&e;</car>",
                        "XML error: (car): a document type declaration is not accepted" },
                { "<car a='\xff'/>", "XML error: the document is not valid UTF-8 text" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;

                g_assert_null(parse(cases[i].xml, 0, &error));
                g_assert_cmpstr(error->message, ==, cases[i].message);
        }

        for (int i = 0; i < XML_MAX_DEPTH + 1; i++)
                g_string_append(deep, "<car>");
        for (int i = 0; i < XML_MAX_ATTRIBUTES + 1; i++)
                g_string_append_printf(wide, " a%d=''", i);
        g_string_append(wide, "/>");
        {
                g_autoptr(GError) error = NULL;

                g_assert_null(parse(deep->str, 0, &error));
                g_assert_cmpstr(
                        error->message, ==, "XML error: (car): elements are nested too deeply");
        }
        {
                g_autoptr(GError) error = NULL;

                g_assert_null(parse(wide->str, 0, &error));
                g_assert_cmpstr(
                        error->message, ==, "XML error: an element has more than 1000 attributes");
        }
        {
                g_autoptr(GError) error = NULL;

                g_assert_null(parse(large, 0, &error));
                g_assert_nonnull(strstr(error->message, "is larger than the 1048576 allowed"));
        }
        {
                g_autoptr(GError) error = NULL;

                g_assert_null(xml_parse("<car>\0</car>", 12, "car", &error));
                g_assert_cmpstr(
                        error->message, ==, "XML error: the document is not valid UTF-8 text");
        }
        {
                g_autoptr(GError) error = NULL;

                g_assert_null(parse("<car>&undefined;</car>", 0, &error));
                g_assert_true(g_str_has_prefix(
                        error->message, "(car):1: Entity 'undefined' not defined"));
        }
}

static void test_check(void)
{
        static const BindRow wrong_rows[] = {
                ATTRIBUTE("sold", Car, sold, STRING),
                BIND_END,
        };
        static const BindType wrong_type = BIND_TYPE(Car, wrong_rows);
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(bind_check(&car_type, &error), ==, 0);
        g_assert_no_error(error);
        g_assert_cmpint(bind_check(&wrong_type, &error), ==, -1);
        g_assert_cmpstr(
                error->message, ==, "internal error: the field of row 'sold' has 1 bytes, not 8");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/model/bind/round-trip", test_round_trip);
        g_test_add_func("/model/bind/flags", test_flags);
        g_test_add_func("/model/bind/refused", test_refused);
        g_test_add_func("/model/bind/sizes", test_sizes);
        g_test_add_func("/model/bind/normalize", test_normalize);
        g_test_add_func("/model/bind/lists", test_lists);
        g_test_add_func("/model/bind/encoding", test_encoding);
        g_test_add_func("/model/bind/door", test_door);
        g_test_add_func("/model/bind/check", test_check);
        return g_test_run();
}
