#include "tail/sentence.h"

#include <math.h>
#include <stdio.h>

#include "base/number.h"

static void measure_name(const struct upk_rule_config *rule, char *out, size_t size)
{
	const struct upk_measure_config *m = &rule->measure;
	if (m->class)
		snprintf(out, size, "%s of %s", m->name, m->class);
	else if (m->average)
		snprintf(out, size, "%s %s", m->average, m->name);
	else
		snprintf(out, size, "%s", m->name);
}

static void say_change(const struct upk_rule_config *rule, const struct upk_judgement *j,
	char out[UPK_SENTENCE_SIZE])
{
	const struct upk_change *c = &j->change;
	snprintf(out, UPK_SENTENCE_SIZE,
		"rule %s: %s is %.3f on the last %zu pairs, %.3f on the record's first %llu "
		"(L %.1f over %.1f); it changed at place %lld",
		rule->name,
		c->stream == UPK_STREAM_ALL ? "the hit rate" : "the rarer class's hit rate",
		j->value, c->suffix, (double)c->k_r / (double)c->n_r, (unsigned long long)c->n_r,
		c->l, c->limit, (long long)c->place);
}

void upk_sentence_alert(
	const struct upk_tail *t, const struct upk_order *alert, char out[UPK_SENTENCE_SIZE])
{
	const struct upk_rule_config *rule = t->rules[alert->rule].config;
	const struct upk_judgement *j = &alert->judgement;
	char name[300];
	if (rule->kind == UPK_RULE_CHANGE) {
		say_change(rule, j, out);
		return;
	}
	measure_name(rule, name, sizeof name);
	static const char *const words[] = {
		[UPK_RULE_BELOW] = "below",
		[UPK_RULE_ABOVE] = "above",
		[UPK_RULE_DROP] = "below the record by more than",
	};
	double confidence = upk_config_confidence(rule);
	int n = snprintf(out, UPK_SENTENCE_SIZE, "rule %s: %s is %.*f on %llu pairs of %s, %s %g",
		rule->name, name, upk_number_digits_apart(j->value, rule->threshold, 4), j->value,
		(unsigned long long)j->pairs, t->config->windows[rule->window].name,
		words[rule->kind], rule->threshold);
	if (n > 0 && n < UPK_SENTENCE_SIZE && !isnan(confidence) && !isnan(j->bound))
		snprintf(out + n, UPK_SENTENCE_SIZE - (size_t)n,
			" (its bound at confidence %g is %.*f)", confidence,
			upk_number_digits_apart(j->bound, rule->threshold, 4), j->bound);
}

void upk_sentence_run(
	const struct upk_tail *t, const struct upk_order *run, char out[UPK_SENTENCE_SIZE])
{
	switch (run->run_kind) {
	case UPK_RUN_FIRST:
		snprintf(out, UPK_SENTENCE_SIZE,
			"there is neither a version nor a prediction yet: the first run on %lld "
			"rows",
			(long long)run->rows);
		return;
	case UPK_RUN_ALERT:
		snprintf(out, UPK_SENTENCE_SIZE,
			"rule %s fired (alert %lld) and %lld places have come since place %lld",
			t->rules[run->rule].config->name, (long long)run->alert,
			(long long)(run->now - run->change), (long long)run->change);
		return;
	case UPK_RUN_GROWTH:
		snprintf(out, UPK_SENTENCE_SIZE,
			"%lld places have come since place %lld: more rows may make a better "
			"version",
			(long long)(run->now - run->change), (long long)run->change);
		return;
	case UPK_RUN_SCHEDULE:
		snprintf(out, UPK_SENTENCE_SIZE, "it is time by the schedule");
		return;
	case UPK_RUN_MANUAL:
		snprintf(out, UPK_SENTENCE_SIZE, "started by hand");
		return;
	}
}

static const char *standing_of(const struct upk_tail *t, const struct upk_order *order)
{
	if (!order->live)
		return "on the bench";
	return upk_tail_is_live(t, order->takeover.version) ? "adjusted live"
							    : "which live adjustment had replaced";
}

void upk_sentence_takeover(
	const struct upk_tail *t, const struct upk_order *order, char out[UPK_SENTENCE_SIZE])
{
	const struct upk_takeover *takeover = &order->takeover;
	snprintf(out, UPK_SENTENCE_SIZE,
		"version %lld, %s, would have had %lld hits more on the last %zu pairs "
		"(%lld where exactly one is right; macro F1 %.3f for %.3f)",
		(long long)takeover->version, standing_of(t, order), (long long)takeover->lead,
		takeover->pairs, (long long)takeover->differ, takeover->f1, takeover->champion_f1);
}
