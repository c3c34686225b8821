"use strict";

/* Reads the API every two seconds and shows it. Names and classes come from strangers: they reach
 * the page as text nodes and attribute values only, never as markup. */

const EVERY_MS = 2000;
const MODELS_IN_FULL = 30;
const HAPPENED = 25;
const REVISIONS = 5;
const TRIALS = 100;
const ALERTS = 10000; /* the most of one answer */
const INTERVAL_FROM = 30; /* pairs: on fewer, an average's interval may collapse */

/* ---- making elements ---- */

function fill(element, attributes, children) {
	for (const [name, value] of Object.entries(attributes)) {
		if (value !== null && value !== undefined)
			element.setAttribute(name, value);
	}
	for (const child of children.flat(Infinity)) {
		if (child !== null && child !== undefined)
			element.append(child);
	}
	return element;
}

function make(tag, attributes = {}, ...children) {
	return fill(document.createElement(tag), attributes, children);
}

function draw(tag, attributes = {}, ...children) {
	return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function table(heads, rows) {
	const head = heads.map(([name, kind]) => make("th", { scope: "col", class: kind }, name));
	return make("div", { class: "card" },
		make("table", {}, make("thead", {}, make("tr", {}, head)), make("tbody", {}, rows)));
}

function empty(text) {
	return make("div", { class: "card" }, make("p", { class: "empty" }, text));
}

/* ---- words and figures ---- */

function figure(value) {
	return typeof value === "number" ? value.toFixed(3) : "–";
}

function count(value) {
	return typeof value === "number" ? value.toLocaleString("en") : "–";
}

function onPairs(pairs) {
	return `on ${count(pairs)} ${pairs === 1 ? "pair" : "pairs"}`;
}

function withInterval(value, interval, pairs) {
	if (!Array.isArray(interval) || !(pairs >= INTERVAL_FROM))
		return [figure(value)];
	return [figure(value), make("span", { class: "interval" }, `[${figure(interval[0])}, ${figure(interval[1])}]`)];
}

function when(time) {
	if (!time)
		return "";
	const shown = new Date(time);
	return Number.isNaN(shown.getTime()) ? String(time) : shown.toLocaleString("sv");
}

function seconds(value) {
	if (typeof value !== "number")
		return "–";
	for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
		if (value >= size)
			return `${(value / size).toFixed(1)} ${unit}`;
	}
	return value > 0 && value < 0.1 ? `${Number((1000 * value).toPrecision(2))} ms` : `${value.toFixed(1)} s`;
}

const MOODS = {
	ok: "good", serving: "good", succeeded: "good", done: "good",
	pending: "warn", waiting: "warn", promoted: "warn", retraining: "warn", paused: "warn",
	queued: "warn", running: "warn", no_data: "warn",
	firing: "bad", failed: "bad",
};

function state(name) {
	return make("span", { class: `state ${MOODS[name] || "quiet"}` }, name || "–");
}

/* A rule that has not been judged for want of pairs is not fine yet. */
function ruleState(rule) {
	return rule.state === "ok" && rule.reason ? make("span", { class: "state quiet" }, "ok") : state(rule.state);
}

function reasonWords(rule) {
	return rule.reason ? make("div", { class: rule.state === "ok" ? "quiet" : "warn" }, rule.reason) : null;
}

function metricName(metric) {
	if (!metric || typeof metric === "string")
		return metric || "metric";
	return [metric.average, metric.name, metric.class && `of ${metric.class}`].filter(Boolean).join(" ");
}

/* What the rule promises, in words. */
function ruleWords(rule) {
	const what = `${metricName(rule.metric)} on ${rule.window}`;
	switch (rule.kind) {
	case "change":
		return "the hit rate has not fallen against its own record";
	case "drop":
		return `${what} is at most ${rule.threshold} below its record`;
	case "below":
	case "above":
		return `${what} is not ${rule.kind} ${rule.threshold}`;
	default:
		return what;
	}
}

/* ---- what happened, as sentences ---- */

function alertWords(alert) {
	let words = `Fired at place ${count(alert.place)}: ${alert.detail || `rule ${alert.rule}`}`;
	if (alert.run)
		words += `; it ordered run ${alert.run}`;
	else if (alert.run_at && alert.state === "firing")
		words += `; a run is due at place ${count(alert.run_at)}`;
	return `${words}.`;
}

const RESOLVED = {
	cleared: "the figures are fine again",
	replaced: "another version came into use",
	cancelled: "it proved to be a passing fall",
	changed: "the rule was changed",
	deleted: "the rule was deleted",
};

function runWords(run) {
	const verdict = run.verdict || run.reason || "";
	return `Run ${run.run} (${run.kind}) ${run.state}${verdict ? `: ${verdict}` : ""}`;
}

const BY = { run: "by its run", bench: "by the bench", live: "by live adjustment", hand: "by hand", rollback: "by a rollback" };

function promotionWords(promotion) {
	let words = `Version ${promotion.version} promoted ${BY[promotion.by] || `by ${promotion.by}`}`;
	if (promotion.person)
		words += ` (${promotion.person})`;
	if (promotion.against)
		words += `, against the verdict of run ${promotion.run} (${promotion.against})`;
	return promotion.reason ? `${words}: ${promotion.reason}` : words;
}

function promotionMood(promotion) {
	return promotion.against ? "against" : "good";
}

function happened(model) {
	const all = [];
	for (const alert of model.alerts) {
		all.push([alert.fired, "bad", alertWords(alert)]);
		if (alert.resolved)
			all.push([alert.resolved, alert.resolved_by === "cleared" ? "good" : "quiet", `Rule ${alert.rule} resolved: ${RESOLVED[alert.resolved_by] || alert.resolved_by}.`]);
	}
	for (const run of model.runs)
		all.push([run.ended || run.started || run.queued, MOODS[run.state] || "quiet", runWords(run)]);
	for (const promotion of model.promotions)
		all.push([promotion.from, promotionMood(promotion), promotionWords(promotion)]);
	return all.filter((one) => one[0]).sort((a, b) => (a[0] < b[0] ? 1 : a[0] > b[0] ? -1 : 0)).slice(0, HAPPENED);
}

function showHappened(model) {
	const items = happened(model).map(([time, mood, words]) =>
		make("li", {}, make("time", { datetime: time }, when(time)), make("span", { class: mood }, "● "), words));
	return items.length > 0
		? make("div", { class: "card" }, make("ol", { class: "events" }, items))
		: empty("Nothing yet.");
}

/* ---- windows ---- */

function positiveOf(model) {
	return model.positive || "positive";
}

/* The figures that a window leads with: the positive class's where there is one, else macro. */
function leading(window) {
	const own = "f1" in window;
	const intervals = window.intervals || {};
	return {
		values: own ? window : window.macro || {},
		intervals: own ? intervals : intervals.macro || {},
		average: own ? null : "macro",
	};
}

function windowRow(name, window) {
	const lead = leading(window);
	const cell = (value, interval) => make("td", { class: "number" }, withInterval(value, interval, window.pairs));
	return make("tr", {},
		make("th", { scope: "row" }, name),
		make("td", { class: "number" }, count(window.pairs)),
		make("td", { class: "number" }, typeof window.coverage === "number" ? `${(100 * window.coverage).toFixed(0)} %` : "–"),
		cell(lead.values.f1, lead.intervals.f1),
		cell(lead.values.precision, lead.intervals.precision),
		cell(lead.values.recall, lead.intervals.recall),
		cell(window.accuracy, (window.intervals || {}).accuracy),
		make("td", { class: "number" }, seconds((window.label_delay || {}).p50)));
}

function showWindows(model) {
	const windows = Object.entries(model.metrics.windows || {});
	if (windows.length === 0)
		return empty("No windows.");
	const lead = leading(windows[0][1]);
	const suffix = ` (${lead.average || positiveOf(model)})`;
	return table([["window"], ["pairs", "number"], ["labelled", "number"], [`F1${suffix}`, "number"],
		["precision", "number"], ["recall", "number"], ["accuracy", "number"], ["label delay", "number"]],
	windows.map(([name, window]) => windowRow(name, window)));
}

function showClasses(model) {
	const [name, window] = Object.entries(model.metrics.windows || {})[0] || [];
	const classes = window ? Object.entries(window.classes || {}).slice(0, 20) : [];
	if (classes.length === 0)
		return [];
	return [make("h3", {}, `Classes in ${name}`),
		table([["class"], ["labelled so", "number"], ["precision", "number"], ["recall", "number"], ["F1", "number"]],
			classes.map(([label, own]) => make("tr", {},
				make("th", { scope: "row" }, label),
				make("td", { class: "number" }, count(own.support)),
				make("td", { class: "number" }, figure(own.precision)),
				make("td", { class: "number" }, figure(own.recall)),
				make("td", { class: "number" }, figure(own.f1)))))];
}

/* ---- the chart of the first window ---- */

const CHART = { width: 900, height: 236, left: 44, right: 12, top: 12, bottom: 40 };

/* More marks than these would hide the curve: then they are ticks in lanes under it. */
const MARKS_ACROSS = 24;
const LANES = { alerted: 4, promoted: 12 };
const LANE_HEIGHT = 7;

function scales(points) {
	const places = points.map((point) => point.place);
	const values = points.map((point) => point.value);
	const [first, last] = [places[0], places[places.length - 1]];
	const low = Math.max(0, Math.floor(Math.min(...values) * 10 - 0.5) / 10);
	const high = Math.min(1, Math.ceil(Math.max(...values) * 10 + 0.5) / 10);
	const { width, height, left, right, top, bottom } = CHART;
	return {
		first, last, low, high,
		x: (place) => left + (width - left - right) * (last > first ? (place - first) / (last - first) : 1),
		y: (value) => top + (height - top - bottom) * (high > low ? (high - value) / (high - low) : 0.5),
	};
}

function axes(scale) {
	const parts = [];
	for (let tick = Math.round(scale.low * 10); tick <= Math.round(scale.high * 10); tick++) {
		const y = scale.y(tick / 10);
		parts.push(draw("line", { class: "axis", x1: CHART.left, x2: CHART.width - CHART.right, y1: y, y2: y }),
			draw("text", { x: CHART.left - 6, y: y + 4, "text-anchor": "end" }, (tick / 10).toFixed(1)));
	}
	const baseline = CHART.height - 6;
	parts.push(draw("text", { x: CHART.left, y: baseline }, `place ${count(scale.first)}`),
		draw("text", { x: CHART.width - CHART.right, y: baseline, "text-anchor": "end" }, `place ${count(scale.last)}`));
	return parts;
}

/* What stands in the chart; in lanes under it where that would hide the curve. */
function marksOf(scale, model) {
	const at = [];
	for (const promotion of model.promotions)
		at.push([promotion.place, promotion.against ? "against" : "promoted", promotionWords(promotion)]);
	for (const alert of model.alerts)
		at.push([alert.place, "alerted", alertWords(alert)]);
	const all = at.filter(([place]) => typeof place === "number" && place >= scale.first && place <= scale.last);
	return { all, lanes: all.length > MARKS_ACROSS };
}

function drawMarks(scale, marks) {
	const floor = CHART.height - CHART.bottom;
	return marks.all.map(([place, kind, words]) => {
		const across = !marks.lanes || !(kind in LANES);
		return draw("line", { class: `mark ${kind}${across ? "" : " tick"}`, x1: scale.x(place), x2: scale.x(place),
			y1: across ? CHART.top : floor + LANES[kind], y2: across ? floor : floor + LANES[kind] + LANE_HEIGHT },
		draw("title", {}, words));
	});
}

/* Alerts are numbered from 1, and old ones are removed: those have no mark. */
function cutWords(scale, alerts) {
	const gap = alerts.findIndex((alert, i) => alert.alert !== alerts[0].alert - i);
	const oldest = alerts[(gap < 0 ? alerts.length : gap) - 1];
	return oldest && oldest.alert > 1 && oldest.place > scale.first ? ` · alerts are marked from place ${count(oldest.place)} on` : null;
}

function showLegend(scale, marks, model) {
	const line = marks.lanes ? "╷" : "┆";
	return make("p", { class: "legend" }, make("span", { class: "bad" }, line), " a rule fired ",
		make("span", { class: "good" }, line), " a version was promoted ",
		make("span", { class: "against" }, "┃"), " promoted against a verdict", cutWords(scale, model.alerts));
}

/* The points that are kept, and how the window stands now. */
function course(model) {
	const points = (model.history.points || []).filter((point) => typeof point.value === "number");
	const window = (model.metrics.windows || {})[model.history.window];
	const value = window ? leading(window).values.f1 : null;
	const last = points[points.length - 1];
	if (last && typeof value === "number" && model.place > last.place)
		points.push({ place: model.place, value });
	return points;
}

function showHistory(model) {
	const points = course(model);
	if (points.length < 2)
		return empty("No history yet: a point is kept each time a twentieth of the window has changed.");
	const scale = scales(points);
	const path = points.map((point) => `${scale.x(point.place).toFixed(1)},${scale.y(point.value).toFixed(1)}`).join(" ");
	const last = points[points.length - 1];
	const label = `F1 from ${figure(points[0].value)} to ${figure(last.value)} over ${points.length} points`;
	const marks = marksOf(scale, model);
	return [make("div", { class: "card" },
		draw("svg", { viewBox: `0 0 ${CHART.width} ${CHART.height}`, role: "img", "aria-label": label },
			axes(scale), drawMarks(scale, marks), draw("polyline", { class: "curve", points: path }))),
	showLegend(scale, marks, model)];
}

/* ---- rules, versions, runs ---- */

function firingWords(model, rule) {
	const alert = model.alerts.find((one) => rule.alert && one.alert === rule.alert);
	return alert ? make("div", { class: "quiet" }, alertWords(alert)) : null;
}

/* What stands beside the limit of a change is how strongly the record speaks for it, no rate. */
function valueWords(rule) {
	if (rule.kind !== "change")
		return figure(rule.value);
	return typeof rule.bound === "number" ? `L ${figure(rule.bound)}` : "–";
}

function limitWords(rule) {
	const of = { change: "L ", drop: "fall " }[rule.kind] || "";
	return typeof rule.threshold === "number" ? `${of}${figure(rule.threshold)}` : "–";
}

function showRules(model) {
	if (model.rules.length === 0)
		return empty("No rules.");
	return table([["rule"], ["state"], ["promises that", "words"], ["value", "number"], ["limit", "number"]],
		model.rules.map((rule) => make("tr", {},
			make("th", { scope: "row" }, rule.name),
			make("td", {}, ruleState(rule)),
			make("td", { class: "words" }, ruleWords(rule), reasonWords(rule),
				firingWords(model, rule)),
			make("td", { class: "number" }, valueWords(rule)),
			make("td", { class: "number" }, limitWords(rule)))));
}

function servedWords(version) {
	const spans = version.served || [];
	if (spans.length === 0)
		return "never served";
	const last = spans[spans.length - 1];
	return last.to ? `until ${when(last.to)}` : `since ${when(last.from)}`;
}

function showVersions(model) {
	if (model.versions.length === 0)
		return empty("No version fitted yet.");
	return table([["version"], ["learner"], ["fitted on places"], ["made"], ["served"]],
		model.versions.map((version) => make("tr", {},
			make("th", { scope: "row" }, String(version.version), version.champion ? [" ", make("span", { class: "state good" }, "champion")] : null,
				model.live && version.version === model.live.version ? [" ", make("span", { class: "state quiet" }, "live")] : null),
			make("td", {}, version.learner),
			make("td", {}, version.rows ? `${count(version.rows.from)} – ${count(version.rows.to)}` : "–"),
			make("td", { class: "line" }, when(version.created)),
			make("td", { class: "line" }, servedWords(version)))));
}

/* ---- live adjustment ---- */

const LIVE = {
	off: "Off",
	waiting: "It waits",
	shade: "It learns from each pair, and another version answers",
	serving: "It learns from each pair, and its copies answer",
};

function liveWords(model) {
	const live = model.live;
	const words = [live.why ? `${LIVE[live.state]}: ${live.why}.` : `${LIVE[live.state]}.`];
	if (live.version)
		words.push(`It adjusts version ${live.version}, at revision ${count(live.revision)}.`);
	else if (live.state === "shade")
		words.push(`It adjusts a version of its own, beside version ${model.champion}, which gets its number when it takes over; revision ${count(live.revision)} would answer.`);
	if (live.state === "shade" || live.state === "serving")
		words.push(`It began with ${count(live.rows)} rows and has learnt from ${count(live.pairs)} since${live.accuracy === null ? "" : `; accuracy ${figure(live.accuracy)} on the latest before it learnt from them`}.`);
	return words.join(" ");
}

function takeoverWords(model) {
	const last = model.promotions.filter((promotion) => promotion.by === "live").pop();
	if (!last)
		return "It has not taken over yet.";
	return `Last takeover ${when(last.from)}, at place ${count(last.place)}${last.reason ? `: ${last.reason}` : ""}.`;
}

function showRevisions(model) {
	if (model.revisions.length === 0)
		return null;
	return table([["revision"], ["predicts since place", "number"], ["since"], ["bytes", "number"]],
		model.revisions.map((revision) => make("tr", {},
			make("th", { scope: "row" }, count(revision.revision), revision.current ? [" ", make("span", { class: "state good" }, "current")] : null),
			make("td", { class: "number" }, count(revision.place)),
			make("td", { class: "line" }, when(revision.created)),
			make("td", { class: "number" }, count(revision.size)))));
}

function showLive(model) {
	if (!model.live)
		return [];
	const begun = model.live.state === "shade" || model.live.state === "serving";
	return [make("h3", {}, "Live adjustment ", state(model.live.state)),
		make("p", {}, liveWords(model)),
		begun ? make("p", { class: "quiet" }, takeoverWords(model)) : [],
		showRevisions(model) || []];
}

/* ---- one run ---- */

function runAddress(model, run) {
	return `#model=${encodeURIComponent(model.model)}&run=${run.run}`;
}

function settingsWords(settings) {
	return Object.entries(settings || {})
		.map(([name, value]) => `${name} ${typeof value === "number" ? Number(value.toPrecision(4)) : typeof value === "string" ? value : JSON.stringify(value)}`)
		.join(", ") || "the defaults";
}

const LOWER_IS_BETTER = ["log_loss", "brier", "ece"];

/* The best first, those without a score last. */
function byScore(model) {
	const sign = LOWER_IS_BETTER.includes(model.effective?.retrain?.search?.objective?.name) ? 1 : -1;
	const rank = (trial) => typeof trial.score === "number" ? sign * trial.score : Infinity;
	return (a, b) => rank(a) === rank(b) ? a.trial - b.trial : rank(a) - rank(b);
}

function showTrials(model, trials) {
	if (trials.length === 0)
		return make("p", { class: "quiet" }, "No trials.");
	const left = trials.length - TRIALS;
	return [table([["trial"], ["learner"], ["settings", "words"], ["score", "number"], ["time", "number"], ["state"]],
		[...trials].sort(byScore(model)).slice(0, TRIALS).map((trial) => make("tr", {},
			make("th", { scope: "row" }, String(trial.trial)),
			make("td", {}, trial.learner),
			make("td", { class: "words" }, settingsWords(trial.settings)),
			make("td", { class: "number" }, figure(trial.score)),
			make("td", { class: "number" }, seconds(trial.seconds)),
			make("td", {}, state(trial.state), trial.error ? ` ${trial.error}` : null)))),
	left > 0 ? make("p", { class: "quiet" }, `And ${count(left)} more.`) : []];
}

function candidateWords(candidate) {
	if (candidate.version)
		return `version ${candidate.version} as it is`;
	return candidate.learner + (candidate.trial ? `, trial ${candidate.trial}` : "") +
		(candidate.goes_on_from ? `, goes on from version ${candidate.goes_on_from}` : "");
}

function showChoice(choice) {
	if (!choice)
		return [];
	const scores = choice.map((one) => `${one.learner} ${figure(one.score)}`).join(", ");
	return make("p", { class: "quiet" }, `It began with the learner that was best on earlier rows: ${scores}.`);
}

function showCandidates(run) {
	if (!run.candidates || run.candidates.length === 0)
		return [];
	return table([["candidate", "words"], ["rows", "number"], ["score", "number"], ["picked"]],
		run.candidates.map((candidate) => make("tr", {},
			make("th", { scope: "row" }, candidateWords(candidate)),
			make("td", { class: "number" }, candidate.version ? "–" : count(candidate.rows)),
			make("td", { class: "number" }, figure(candidate.score)),
			make("td", {}, candidate.picked ? "picked" : ""))));
}

function showProgress(progress) {
	if (!progress)
		return [];
	return make("p", {}, make("progress", { value: progress.done, max: progress.total, "aria-label": "steps" }),
		` ${count(progress.done)} of ${count(progress.total)} steps`);
}

function showRun(model) {
	const run = model.run;
	if (!run)
		return [];
	return [make("h3", {}, `Run ${run.run} `, state(run.state)),
		make("p", {}, run.reason ? `Why: ${run.reason}. ` : null, run.verdict ? `What came of it: ${run.verdict}.` : null),
		showProgress(run.progress),
		showChoice(run.choice),
		showCandidates(run),
		showTrials(model, run.trials || [])].flat(2);
}

function showRuns(model) {
	if (model.runs.length === 0)
		return empty("No run yet.");
	return table([["run"], ["state"], ["kind"], ["queued"], ["what came of it", "words"]],
		model.runs.map((run) => make("tr", {},
			make("th", { scope: "row" }, make("a", { href: runAddress(model, run) }, String(run.run))),
			make("td", {}, state(run.state)),
			make("td", {}, run.kind),
			make("td", { class: "line" }, when(run.queued)),
			make("td", { class: "words" }, run.verdict || run.reason || ""))));
}

/* ---- the two parts of the page ---- */

function inUseWords(model) {
	const used = model.in_use ?? model.champion;
	if (used === null || used === undefined)
		return "–";
	if (typeof used === "object")
		return used.version === null || used.version === undefined ? used.name || "–" : `version ${used.version}`;
	return typeof used === "number" ? `version ${used}` : String(used);
}

function overviewRow(model) {
	const windows = Object.entries(model.metrics ? model.metrics.windows || {} : {});
	const figures = windows.map(([name, window]) => {
		const lead = leading(window);
		return make("div", { class: "line" }, `${name}: F1 (${lead.average || positiveOf(model)}) `,
			withInterval(lead.values.f1, lead.intervals.f1, window.pairs), make("span", { class: "interval" }, onPairs(window.pairs)));
	});
	const rules = (model.rules || []).map((rule) => make("div", {}, ruleState(rule), ` ${rule.name}`,
		rule.state === "ok" ? reasonWords(rule) : null));
	return make("tr", {},
		make("th", { scope: "row" }, make("a", { href: `#model=${encodeURIComponent(model.model)}` }, model.model)),
		make("td", {}, state(model.state), waitWords(model)),
		make("td", { class: "line" }, inUseWords(model)),
		make("td", {}, figures),
		make("td", {}, rules));
}

/* What comes behind the state's word. */
function waitWords(model) {
	if (!model.waiting_for)
		return null;
	return model.state === "waiting" ? ` for ${model.waiting_for}` : `, waiting for ${model.waiting_for}`;
}

function showOverview(models) {
	if (models.length === 0)
		return empty("No models yet. The first event sent to /v1/models/NAME/events creates one.");
	return table([["model"], ["state"], ["in use"], ["F1"], ["rules"]], models.map(overviewRow));
}

function showMissing(name) {
	return make("p", { class: "warn" }, `There is no model ${name}.`);
}

function showModel(model) {
	const shown = model.history.window;
	return [
		make("h2", {}, model.model, " ", state(model.state)),
		make("p", { class: "quiet" }, `In use: ${inUseWords(model)}`, model.waiting_for ? ` · waits for ${model.waiting_for}` : null),
		(model.warnings || []).map((warning) => make("p", { class: "warn" }, warning)),
		make("h3", {}, "Windows"), showWindows(model),
		make("h3", {}, shown ? `F1 of ${shown}` : "F1"), showHistory(model),
		make("h3", {}, "What happened last"), showHappened(model),
		make("h3", {}, "Rules"), showRules(model),
		showClasses(model),
		showLive(model),
		make("h3", {}, "Versions"), showVersions(model),
		make("h3", {}, "Runs"), showRuns(model),
		showRun(model),
	].flat(2);
}

/* ---- reading ---- */

async function read(path) {
	const reply = await fetch(path, { headers: { Accept: "application/json" } });
	const body = await reply.json();
	if (!reply.ok)
		throw new Error(`the daemon says ${reply.status}: ${body.detail || path}`);
	return body;
}

function base(name) {
	return `/v1/models/${encodeURIComponent(name)}`;
}

async function readFigures(model) {
	const path = base(model.model);
	const [own, metrics, rules] = await Promise.all([read(path), read(`${path}/metrics`), read(`${path}/rules`)]);
	return { ...model, ...own, metrics, rules: rules.rules || [], positive: (own.effective || {}).positive };
}

/* The run that was clicked, else the newest; what has ended is read once. */
const ended = new Map();

async function readRun(path, runs) {
	const match = /&run=(\d+)$/.exec(location.hash);
	const row = match ? runs.find((one) => one.run === Number(match[1])) : runs[0];
	if (!row)
		return null;
	const address = `${path}/runs/${row.run}`;
	const kept = ended.get(address);
	if (kept && kept.ended === row.ended && kept.state === row.state)
		return kept;
	const run = await read(address);
	ended.clear();
	if (run.ended)
		ended.set(address, run);
	return run;
}

async function readRevisions(path, live) {
	if (!live || !live.version)
		return [];
	return (await read(`${path}/versions/${live.version}/revisions?limit=${REVISIONS}`)).revisions || [];
}

async function readModel(model) {
	const path = base(model.model);
	const [figures, alerts, runs, versions, promotions, history] = await Promise.all([
		readFigures(model), read(`${path}/alerts?limit=${ALERTS}`), read(`${path}/runs?limit=20`),
		read(`${path}/versions?limit=20`), read(`${path}/promotions`), read(`${path}/metrics/history?points=400`)]);
	const [run, revisions] = await Promise.all([readRun(path, runs.runs || []), readRevisions(path, figures.live)]);
	return { ...figures, alerts: alerts.alerts || [], runs: runs.runs || [], run, revisions,
		versions: versions.versions || [], promotions: promotions.promotions || [], history };
}

/* The model that the address names; null: none. */
function named() {
	const match = /^#model=([^&]*)/.exec(location.hash);
	try {
		return match ? decodeURIComponent(match[1]) : null;
	} catch {
		return match[1];
	}
}

function chosen(models) {
	const name = named();
	if (name === null && models.length === 1)
		return models[0];
	return models.find((model) => model.model === name) || null;
}

/* A part is drawn anew only when what it shows has changed, so that a selection in it stays. */
const shown = new Map();

function show(id, data, render) {
	const text = JSON.stringify(data);
	if (shown.get(id) === text)
		return;
	shown.set(id, text);
	document.getElementById(id).replaceChildren(...[data === null ? [] : render(data)].flat());
}

async function refresh() {
	const models = (await read("/v1/models")).models || [];
	const full = await Promise.all(models.slice(0, MODELS_IN_FULL).map(readFigures));
	show("models", [...full, ...models.slice(MODELS_IN_FULL)], showOverview);
	const model = chosen(models);
	if (model)
		show("model", await readModel(model), showModel);
	else
		show("model", named(), showMissing);
	document.title = model ? `${model.model} · upkeepd` : "upkeepd";
}

async function tick() {
	const status = document.getElementById("status");
	try {
		if (!document.hidden) {
			await refresh();
			status.textContent = `Read at ${new Date().toLocaleTimeString("sv")}`;
			status.className = "";
		}
	} catch (fault) {
		status.textContent = `Could not be read: ${fault.message}`;
		status.className = "bad";
	}
}

let timer = null;

async function run() {
	clearTimeout(timer);
	await tick();
	clearTimeout(timer);
	timer = setTimeout(run, EVERY_MS);
}

addEventListener("hashchange", run);
document.addEventListener("visibilitychange", run);
run();
