/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/face.h"

void faces_init(void)
{
        for (unsigned i = 0; i < n_class_faces; i++) {
                ClassFace *face = &class_faces[i];
                const ClassInfo *class = face->class;

                face->methods = g_hash_table_new(g_str_hash, g_str_equal);
                for (unsigned m = 0; m < class->n_methods; m++)
                        g_hash_table_insert(face->methods, (char *)class->methods[m].name,
                                (void *)&class->methods[m]);
                face->properties = g_hash_table_new(g_str_hash, g_str_equal);
                for (unsigned p = 0; p < class->n_properties; p++)
                        g_hash_table_insert(face->properties, (char *)class->properties[p].name,
                                (void *)&class->properties[p]);
        }
}

void faces_finish(void)
{
        for (unsigned i = 0; i < n_class_faces; i++) {
                g_clear_pointer(&class_faces[i].methods, g_hash_table_unref);
                g_clear_pointer(&class_faces[i].properties, g_hash_table_unref);
        }
}

const ClassFace *face_of(const ClassInfo *class)
{
        for (unsigned i = 0; i < n_class_faces; i++)
                if (class_faces[i].class == class)
                        return &class_faces[i];
        g_assert_not_reached();
}

const MethodInfo *face_method(const ClassFace *face, const Namespace *space, const char *name)
{
        const MethodInfo *method = g_hash_table_lookup(face->methods, name);

        return method && (method->compatible || !space->compatible_only) ? method : NULL;
}

const PropertyInfo *face_property(const ClassFace *face, const Namespace *space, const char *name)
{
        const PropertyInfo *property = g_hash_table_lookup(face->properties, name);

        return property && face_shows(property, space) ? property : NULL;
}
