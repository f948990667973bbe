/// One metric that a program of ours exposes.
public struct MetricDescription: Sendable {
    public enum Kind: String, Sendable { case counter, gauge }
    public var name: String
    public var kind: Kind
    public var labels: [String]
    /// One sentence, for `# HELP` and the table in this module's README.
    public var help: String

    init(_ name: String, _ kind: Kind, _ labels: [String] = [], _ help: String) {
        (self.name, self.kind, self.labels, self.help) = (name, kind, labels, help)
    }
}

/// All metrics by name. A test holds this list, the code that counts and the README's table equal.
public enum MetricList {
    public static let all: [MetricDescription] = worker + providers + levels + events + gateway + common

    /// For `PrometheusMetrics`.
    public static var help: [String: String] { Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0.help) }) }

    private static let worker = [
        MetricDescription("martlet_claimed_total", .counter, ["lane"], "Messages that this worker took from a lane to work on."),
        MetricDescription("martlet_admitted_total", .counter, ["lane"], "Attempts that this worker committed before sending."),
        MetricDescription(
            "martlet_not_admitted_total", .counter, ["reason"],
            "Messages that this worker looked at and did not send now: deferred, suppressed, capped, expired or cancelled."),
        MetricDescription(
            "martlet_recorded_total", .counter, ["as", "reason"],
            "Answers of providers that this worker wrote down, by what became of the message."),
        MetricDescription(
            "martlet_dead_letters_total", .counter, ["reason"], "Messages that became dead letters in this worker's hands."),
        MetricDescription(
            "martlet_render_warnings_total", .counter, ["code"],
            "Warnings of the renderer, such as a text of more segments than its class wants."),
        MetricDescription(
            "martlet_segments_total", .counter, ["provider", "class"],
            "SMS segments, or messages of other channels, that providers accepted."),
        MetricDescription(
            "martlet_cost_micros_total", .counter, ["provider", "class", "currency"],
            "Price of what providers accepted, in millionths of the currency."),
        MetricDescription("martlet_in_flight", .gauge, [], "Messages that this worker holds now."),
        MetricDescription(
            "martlet_live_sessions", .gauge, [], "Workers of the cluster whose beat is fresh, as this worker sees it."),
        MetricDescription(
            "martlet_swept_total", .counter, [], "Messages that were found behind the place where this worker looks for new ones."
        ),
        MetricDescription("martlet_promoted_total", .counter, [], "Deferred messages whose time had come, put back to work."),
        MetricDescription(
            "martlet_rescued_total", .counter, ["into"], "Messages of a lost worker or an overdue claim, by what became of them."),
        MetricDescription(
            "martlet_segments_retired_total", .counter, ["kind"], "Parts of the queue's rings that were emptied and given back."),
        MetricDescription(
            "martlet_job_messages_total", .counter, ["action", "result"],
            "Messages of jobs that were worked on, by action and result."),
        MetricDescription(
            "martlet_members_released_total", .counter, [], "Members of campaign runs whose messages were enqueued."),
        MetricDescription("martlet_members_skipped_total", .counter, [], "Members of campaign runs that get no message."),
        MetricDescription(
            "martlet_runs_paused_total", .counter, ["reason"], "Campaign runs that were paused without a person, by the reason."),
        MetricDescription("martlet_journey_steps_total", .counter, [], "Steps of journeys that were taken."),
        MetricDescription(
            "martlet_journey_failures_total", .counter, [],
            "People whose step of a journey could not be taken, each time it was tried."
        ),
        MetricDescription("martlet_follow_ups_total", .counter, ["decision"], "Follow-ups that were decided, by the decision."),
        MetricDescription(
            "martlet_retention_held_days", .gauge, [], "Days of messages that are older than retention and cannot be dropped yet."
        ),
        MetricDescription(
            "martlet_maintenance_failures_total", .counter, ["duty"],
            "Rounds of maintenance that failed for one session, part or day."),
    ]
    private static let providers = [
        MetricDescription(
            "martlet_provider_unanswered", .gauge, ["provider"],
            "Messages that this worker handed over and has no answer for yet."),
        MetricDescription(
            "martlet_provider_waiting", .gauge, ["provider"], "Admitted messages that wait in this worker for the provider."),
        MetricDescription(
            "martlet_provider_circuit_open", .gauge, ["provider"],
            "1 while this worker's circuit of the provider is open, else 0."),
        MetricDescription(
            "martlet_provider_paused_seconds", .gauge, ["provider"], "How long the provider has asked this worker to wait yet."),
        MetricDescription(
            "martlet_provider_delivered_share", .gauge, ["provider"],
            "Share delivered, of the messages that the provider reported on in the measured span."),
        MetricDescription(
            "martlet_provider_reported_share", .gauge, ["provider"],
            "Share reported on, of the messages that the provider accepted in the measured span."),
        MetricDescription(
            "martlet_provider_reports", .gauge, ["provider"], "Messages that the provider reported on in the measured span."),
        MetricDescription(
            "martlet_provider_missing_receipts", .gauge, ["provider"],
            "Messages without a receipt within the provider's receipt_within."),
        MetricDescription(
            "martlet_provider_missing_receipts_share", .gauge, ["provider"],
            "Share of the messages without a receipt within the provider's receipt_within."),
        MetricDescription(
            "martlet_receipt_lag_seconds", .gauge, ["provider"],
            "Age of the oldest acceptance that the last receipts of the provider speak of."),
    ]
    private static let levels = [
        MetricDescription(
            "martlet_slo_within_share", .gauge, ["class"],
            "Share accepted within the class's accept_within, in the measured span."),
        MetricDescription(
            "martlet_slo_accepted_share", .gauge, ["class"],
            "Share accepted at all, of accepted and failed, in the measured span."),
        MetricDescription(
            "martlet_slo_overdue", .gauge, ["class"], "Messages that wait for longer than the class's accept_within."),
        MetricDescription(
            "martlet_slo_oldest_waiting_seconds", .gauge, ["class"],
            "How long the oldest message of the class waits, since it might be sent."),
        MetricDescription(
            "martlet_slo_peak_delay_seconds", .gauge, ["class"],
            "Longest delay of a message of the class in the measured span; those that still wait count."),
        MetricDescription(
            "martlet_slo_measured_span_seconds", .gauge, [],
            "The span that the shares of classes and providers are about: shorter while there are many messages."),
        MetricDescription("martlet_slo_measured_took_seconds", .gauge, [], "How long the last measurement took."),
        MetricDescription("martlet_budget_used", .gauge, ["budget", "unit"], "What a budget's day has used."),
        MetricDescription("martlet_budget_limit", .gauge, ["budget", "unit"], "What a budget's day allows."),
    ]
    private static let events = [
        MetricDescription("martlet_receipts_total", .counter, ["provider", "state"], "Receipts of providers that were new."),
        MetricDescription(
            "martlet_doubts_resolved_total", .counter, [], "Messages in doubt that a receipt or a late answer decided."),
        MetricDescription(
            "martlet_keywords_total", .counter, ["scope", "changed"], "Keywords such as STOP and START that people texted."),
        MetricDescription(
            "martlet_confirmations_total", .counter, ["by", "result"], "Answers to a double opt-in, by text or link."),
        MetricDescription("martlet_unreadable_texts_total", .counter, ["provider"], "Texts of people that could not be read."),
        MetricDescription(
            "martlet_events_parked_total", .counter, ["reason"],
            "Events of providers that match no message, or cannot be kept as they are."),
        MetricDescription("martlet_events_waiting", .gauge, [], "Events that are tried again until their message is found."),
        MetricDescription(
            "martlet_events_unmatched", .gauge, [], "Events that were given up: nothing was found for them in time."),
    ]
    private static let gateway = [
        MetricDescription("martlet_callbacks_total", .counter, ["provider", "result"], "Callbacks by what was answered."),
        MetricDescription("martlet_callback_queue", .gauge, [], "Callbacks that wait to be written."),
        MetricDescription("martlet_callback_batches_total", .counter, [], "Transactions that wrote callbacks."),
        MetricDescription("martlet_callbacks_lost_total", .counter, [], "Callbacks that were taken and could not be written."),
        MetricDescription("martlet_unsubscribes_total", .counter, ["result"], "Requests of unsubscribe links."),
        MetricDescription("martlet_clicks_total", .counter, ["result"], "Hits of tracked links, by what was answered."),
        MetricDescription("martlet_opens_total", .counter, ["result"], "Loads of the picture that tells of an opened mail."),
        MetricDescription(
            "martlet_link_visits_total", .counter, ["as", "why"],
            "Link hits that were judged: of a person, or of a machine and why."),
        MetricDescription("martlet_link_visit_batches_total", .counter, [], "Transactions that wrote link hits."),
        MetricDescription(
            "martlet_link_visits_lost_total", .counter, [],
            "Link hits that could not be written; the person was led on all the same."),
    ]
    private static let common = [
        MetricDescription(
            "martlet_metric_series_refused_total", .counter, [], "Series beyond the limit of their name, kept together as other.")
    ]
}
