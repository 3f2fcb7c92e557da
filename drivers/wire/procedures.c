/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/wire/procedures.h"

const WireProcedure *wire_procedure(uint32_t program, int32_t number)
{
        for (unsigned i = 0; i < n_wire_programs; i++)
                if (wire_programs[i].program == program)
                        return number > 0 && number < wire_programs[i].n &&
                                        wire_programs[i].rows[number].name ?
                                &wire_programs[i].rows[number] :
                                NULL;
        return NULL;
}
