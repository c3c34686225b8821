#include "client/stop.h"

sigset_t upk_stop_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	return set;
}

bool upk_stop_wanted(void)
{
	sigset_t pending, wanted = upk_stop_signals();
	if (sigpending(&pending) != 0)
		return false;
	sigandset(&pending, &pending, &wanted);
	return !sigisemptyset(&pending);
}
