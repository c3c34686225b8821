/* All handlers, one file a resource; routes.c says what each answers, routes.h on which thread. */
#ifndef UPK_DAEMON_HTTP_HANDLERS_H
#define UPK_DAEMON_HTTP_HANDLERS_H

#include "http/request.h"

/* models.c */
void upk_models_list(struct upk_request *request, struct upk_reply *reply);
void upk_models_get(struct upk_request *request, struct upk_reply *reply);
void upk_models_put(struct upk_request *request, struct upk_reply *reply);
void upk_models_delete(struct upk_request *request, struct upk_reply *reply);
void upk_models_put_retraining(struct upk_request *request, struct upk_reply *reply);

/* events.c, labels.c, predict.c */
void upk_events_post(struct upk_request *request, struct upk_reply *reply);
void upk_events_get(struct upk_request *request, struct upk_reply *reply);
void upk_events_delete(struct upk_request *request, struct upk_reply *reply);
void upk_labels_post(struct upk_request *request, struct upk_reply *reply);
void upk_predict_post(struct upk_request *request, struct upk_reply *reply);

/* infer.c */
void upk_infer_get_server(struct upk_request *request, struct upk_reply *reply);
void upk_infer_get_live(struct upk_request *request, struct upk_reply *reply);
void upk_infer_get_ready(struct upk_request *request, struct upk_reply *reply);
void upk_infer_get_model(struct upk_request *request, struct upk_reply *reply);
void upk_infer_get_model_ready(struct upk_request *request, struct upk_reply *reply);
void upk_infer_post(struct upk_request *request, struct upk_reply *reply);

/* metrics.c */
void upk_metrics_get(struct upk_request *request, struct upk_reply *reply);
void upk_metrics_get_history(struct upk_request *request, struct upk_reply *reply);
void upk_metrics_scrape(struct upk_request *request, struct upk_reply *reply);

/* rules.c, alerts.c */
void upk_rules_list(struct upk_request *request, struct upk_reply *reply);
void upk_alerts_list(struct upk_request *request, struct upk_reply *reply);

/* runs.c */
void upk_runs_list(struct upk_request *request, struct upk_reply *reply);
void upk_runs_start(struct upk_request *request, struct upk_reply *reply);
void upk_runs_get(struct upk_request *request, struct upk_reply *reply);
void upk_runs_cancel(struct upk_request *request, struct upk_reply *reply);

/* versions.c */
void upk_versions_list(struct upk_request *request, struct upk_reply *reply);
void upk_versions_get(struct upk_request *request, struct upk_reply *reply);
void upk_versions_list_revisions(struct upk_request *request, struct upk_reply *reply);
void upk_versions_get_bytes(struct upk_request *request, struct upk_reply *reply);
void upk_versions_get_onnx(struct upk_request *request, struct upk_reply *reply);
void upk_versions_promote(struct upk_request *request, struct upk_reply *reply);
void upk_versions_rollback(struct upk_request *request, struct upk_reply *reply);
void upk_versions_list_promotions(struct upk_request *request, struct upk_reply *reply);

/* process.c, page.c, openapi.c */
void upk_process_live(struct upk_request *request, struct upk_reply *reply);
void upk_process_ready(struct upk_request *request, struct upk_reply *reply);
void upk_page_get(struct upk_request *request, struct upk_reply *reply);
void upk_page_get_style(struct upk_request *request, struct upk_reply *reply);
void upk_page_get_icon(struct upk_request *request, struct upk_reply *reply);
void upk_page_get_script(struct upk_request *request, struct upk_reply *reply);
void upk_openapi_get(struct upk_request *request, struct upk_reply *reply);

#endif
