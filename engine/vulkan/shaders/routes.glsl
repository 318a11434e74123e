// routes.glsl: which expert computes which row, as it lies in memory (HrVkRoutes).
//
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A place is a row at one of its experts; places are ordered by expert. A tile is a few neighbouring
// places of one expert.
struct Routes {
    U32 chosen;       // [rows][n_used], ascending
    F32 weights;      // [rows][n_used]
    U32 place_of;     // [rows][n_used]
    U32 place_row;    // [places]
    F32 place_weight; // [places]
    U32 tiles;        // how many, and of each expert, first place and number of places
};
