// order.comp: one workgroup orders places by expert and cuts each expert's into tiles.
//
// SPDX-License-Identifier: GPL-3.0-or-later
//
// In which order an expert's places lie is left to chance; what is computed for a row does not
// depend on it.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "routes.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LOCAL = 256;
layout(constant_id = 1) const uint N = 8;
layout(constant_id = 2) const uint N_USED = 2;
layout(constant_id = 3) const uint TILE = 8; // places

PARAMS(Counts counts; Routes routes; uint rows_kind;)

shared uint n_places[N], first_place[N], first_tile[N];

void cut(uint expert)
{
    uint n = n_places[expert], tile = first_tile[expert];
    for (uint done = 0; done < n; done += TILE, tile++) {
        p.routes.tiles.v[1 + 3 * tile] = expert;
        p.routes.tiles.v[2 + 3 * tile] = first_place[expert] + done;
        p.routes.tiles.v[3 + 3 * tile] = min(n - done, TILE);
    }
}

void main()
{
    uint lane = gl_LocalInvocationIndex, n = p.counts.v[p.rows_kind] * N_USED;
    for (uint e = lane; e < N; e += LOCAL)
        n_places[e] = 0;
    barrier();
    for (uint i = lane; i < n; i += LOCAL)
        atomicAdd(n_places[p.routes.chosen.v[i]], 1);
    barrier();
    if (lane == 0) {
        uint place = 0, tile = 0;
        for (uint e = 0; e < N; e++) {
            first_place[e] = place;
            first_tile[e] = tile;
            place += n_places[e];
            tile += (n_places[e] + TILE - 1) / TILE;
        }
        p.routes.tiles.v[0] = tile;
    }
    barrier();
    for (uint e = lane; e < N; e += LOCAL)
        cut(e);
    barrier();
    for (uint i = lane; i < n; i += LOCAL) {
        uint place = atomicAdd(first_place[p.routes.chosen.v[i]], 1);
        p.routes.place_of.v[i] = place;
        p.routes.place_row.v[place] = i / N_USED;
        p.routes.place_weight.v[place] = p.routes.weights.v[i];
    }
}
