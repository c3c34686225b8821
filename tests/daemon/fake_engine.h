/* An engine that stores nothing: it takes posts and answers them when the test lets it. */
#ifndef TESTS_DAEMON_FAKE_ENGINE_H
#define TESTS_DAEMON_FAKE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/engine.h"

void fake_engine_hold(struct upk_engine *e, bool hold);     /* posts wait until it is let go */
void fake_engine_refuse(struct upk_engine *e, bool refuse); /* posts are UPK_BUSY */
void fake_engine_lend(struct upk_engine *e, bool lend);     /* posts may be written at once */
void fake_engine_set_ready(struct upk_engine *e, bool ready);
size_t fake_engine_waiting(struct upk_engine *e);
size_t fake_engine_written(struct upk_engine *e); /* at once */
size_t fake_engine_asked(struct upk_engine *e);   /* posts, ahead */

#endif
