/* How much a line of the log matters: syslog's numbers. */
#ifndef UPK_BASE_LOG_LEVEL_H
#define UPK_BASE_LOG_LEVEL_H

enum upk_log_level { UPK_LOG_ERROR = 3, UPK_LOG_WARNING = 4, UPK_LOG_NOTICE = 5, UPK_LOG_INFO = 6 };

#endif
