/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Short forms for what capability documents are full of. */

#include <stdio.h>

#include "drivers/model/xml.h"

/* name='123' in the open start tag. */
static inline void markup_number(XmlWriter *writer, const char *name, long value)
{
        char text[24];

        snprintf(text, sizeof(text), "%ld", value);
        xml_attribute(writer, name, text);
}

/* <name>text</name> */
static inline void markup_text(XmlWriter *writer, const char *name, const char *text)
{
        xml_open(writer, name);
        xml_text(writer, text);
        xml_close(writer, name);
}

/* <name attribute='value'/>; attribute may be NULL. */
static inline void markup_empty(
        XmlWriter *writer, const char *name, const char *attribute, const char *value)
{
        xml_open(writer, name);
        if (attribute)
                xml_attribute(writer, attribute, value);
        xml_close(writer, name);
}
