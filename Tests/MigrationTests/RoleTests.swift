import Postgres
import TestSupport
import Testing

@Suite("Who may do what, object by object", .migratedDatabase)
struct RoleTests {
    /// Privileges of producer, worker, admin, reader and PUBLIC on everything in both schemas. r select, a insert, w update (or the
    /// columns), d delete, X more than that, U nextval, x execute. `…_DAY` are daily partitions, `…_SEGMENT` those of rings.
    static let expected = """
        - - - - -: martlet_data.act_on_job() martlet_data.apply_keyword() martlet_data.audience_members_n_seq martlet_data.audiences_id_seq martlet_data.bulk_enqueue_row() martlet_data.cancel_journey_messages() martlet_data.canonical() martlet_data.check_audience() martlet_data.check_json() martlet_data.check_template() martlet_data.check_text() martlet_data.check_times() martlet_data.check_unusual() martlet_data.codes_n_seq martlet_data.commit_durably() martlet_data.did_you_mean() martlet_data.discard_as() martlet_data.drop_visit() martlet_data.end_job() martlet_data.enter_journey() martlet_data.events_id_seq martlet_data.has_trunk_prefix() martlet_data.hold_from_admit() martlet_data.inbound_position martlet_data.inserted_on() martlet_data.international_phone() martlet_data.is_admin() martlet_data.is_e164() martlet_data.is_given() martlet_data.is_jsonb() martlet_data.is_plain() martlet_data.is_published() martlet_data.iso_time() martlet_data.jobs_id_seq martlet_data.journey_data() martlet_data.journeys_id_seq martlet_data.json_from() martlet_data.judge_visits() martlet_data.known_address() martlet_data.known_journey() martlet_data.known_run() martlet_data.leave_journey() martlet_data.link_visits_id_seq martlet_data.locale_fallbacks() martlet_data.lock_bucket() martlet_data.mailbox_fault() martlet_data.may_be_blank() martlet_data.members_table() martlet_data.normalise_address() martlet_data.normalise_phone() martlet_data.note_follow_up() martlet_data.note_lost_event() martlet_data.opt_out_place() martlet_data.order_provider() martlet_data.plain_address() martlet_data.policy_is_seen() martlet_data.position_inbound() martlet_data.publish() martlet_data.publish_consents() martlet_data.publish_dead_letters() martlet_data.publish_inbound() martlet_data.publish_suppressions() martlet_data.reach_goal() martlet_data.reach_journey_goal() martlet_data.read_phone() martlet_data.recycle_segment() martlet_data.refresh_enqueue_places() martlet_data.refuse_address() martlet_data.refuse_unknown() martlet_data.report_difference() martlet_data.report_origin() martlet_data.report_parts() martlet_data.request_hash() martlet_data.requeue_as() martlet_data.run_pauses_id_seq martlet_data.runs_id_seq martlet_data.take_id() martlet_data.take_journey_steps() martlet_data.taken_before() martlet_data.tell_journeys() martlet_data.time_from() martlet_data.trimmed() martlet_data.undo_journey_goal() martlet_data.unsubscribe() martlet_data.was_same_request() martlet_data.written_out()
        - - r - -: martlet.audit martlet.suppressions martlet_data.audience_members martlet_data.audience_rejects martlet_data.codes martlet_data.events martlet_data.journey_messages martlet_data.journey_people martlet_data.journey_triggers
        - - r r -: martlet.attempts martlet.audiences martlet.budgets martlet.code_pools martlet.connections martlet.dead_letters martlet.follow_ups martlet.inbound_events martlet.inbound_texts martlet.job_messages martlet.jobs martlet.journey_people martlet.journey_report martlet.journeys martlet.lanes martlet.link_clicks martlet.message_status martlet.missing_receipts martlet.provider_slo martlet.providers martlet.run_members martlet.run_report martlet.runs martlet.slo martlet.survey_answers martlet.unmatched_events martlet.unreadable_texts martlet.workers
        - - ra - -: martlet_data.campaigns
        - - x - -: martlet.approve_run() martlet.create_job() martlet.discard() martlet.drain_provider() martlet.enter_journey() martlet.exit_journey() martlet.move_provider() martlet.pause_journey() martlet.pause_lane() martlet.pause_provider() martlet.pause_run() martlet.remove_audience() martlet.requeue() martlet.resume_job() martlet.resume_journey() martlet.resume_lane() martlet.resume_provider() martlet.resume_run() martlet.set_cluster() martlet.stop_job() martlet.stop_run() martlet.unsuppress() martlet_data.apply_journey() martlet_data.bucket_of() martlet_data.disk_facts() martlet_data.enter_audience() martlet_data.freeze_run() martlet_data.message_overviews() martlet_data.plan_run() martlet_data.policy_unseen() martlet_data.variables_of()
        - - x x -: martlet.missing_receipts_since() martlet.provider_slo_since() martlet.provider_usage() martlet.report() martlet.report_costs() martlet.report_messages() martlet.report_opt_outs() martlet.slo_since() martlet_data.shown()
        - r - - -: martlet_data.sleeper
        - r r - -: martlet_data.attempts_DAY martlet_data.attempts_default martlet_data.audiences martlet_data.audit_id_seq martlet_data.carrier_ids_DAY martlet_data.carrier_ids_default martlet_data.channels_id_seq martlet_data.classes_id_seq martlet_data.cluster martlet_data.code_pools martlet_data.consents martlet_data.consents_id_seq martlet_data.due_cursor martlet_data.enqueue_places martlet_data.imports martlet_data.inbound_events martlet_data.inbound_texts_id_seq martlet_data.journey_versions martlet_data.journeys martlet_data.lanes martlet_data.leased_cursor martlet_data.levels martlet_data.link_visits martlet_data.message_links_DAY martlet_data.message_links_default martlet_data.messages_DAY martlet_data.messages_default martlet_data.numbering_plans martlet_data.policies_version_seq martlet_data.provider_events_id_seq martlet_data.provider_orders martlet_data.ready_cursor_0 martlet_data.ready_cursor_1 martlet_data.ready_cursor_2 martlet_data.ready_cursor_3 martlet_data.ready_cursor_4 martlet_data.ready_cursor_5 martlet_data.ready_cursor_6 martlet_data.ready_cursor_7 martlet_data.ready_cursor_8 martlet_data.receipts_DAY martlet_data.receipts_default martlet_data.report_counts martlet_data.report_days martlet_data.report_dead martlet_data.run_chunks martlet_data.run_goals martlet_data.run_members martlet_data.run_pauses martlet_data.run_variants martlet_data.run_zones martlet_data.runs martlet_data.segments martlet_data.suppressions_id_seq martlet_data.time_zones
        - r r r -: martlet.cluster martlet.receipts
        - r ra - -: martlet_data.audit martlet_data.policies
        - r raw - -: martlet_data.budgets martlet_data.channels martlet_data.classes martlet_data.senders martlet_data.templates
        - r rawd - -: martlet_data.receipt_promises martlet_data.webhook_endpoints
        - r rw - -: martlet_data.cap_retention
        - r(due_at variables state why decided_at)d r - -: martlet_data.follow_ups
        - r(variables headers) r - -: martlet_data.messages
        - rU r - -: martlet_data.message_seq martlet_data.session_seq
        - ra r - -: martlet_data.attempts martlet_data.carrier_ids martlet_data.receipts martlet_data.suppressions
        - ra(beat_at in_flight is_draining fenced_at ended_at policy_version templates policy_problem)d r - -: martlet_data.sessions
        - ra(targets expires_at) r - -: martlet_data.message_links
        - rad r - -: martlet_data.connection_slots martlet_data.dead_letters martlet_data.inbound_texts martlet_data.provider_events martlet_data.rate_grants
        - rawd r - -: martlet_data.budget_usage martlet_data.cap_usage martlet_data.due martlet_data.due_SEGMENT martlet_data.leased martlet_data.leased_SEGMENT martlet_data.provider_health martlet_data.ready martlet_data.ready_SEGMENT martlet_data.surveys
        - rd r - -: martlet_data.cancellations martlet_data.group_cancellations martlet_data.idempotency_keys martlet_data.job_messages martlet_data.jobs martlet_data.requeues
        - x - - -: martlet_data.apply_journey_turns() martlet_data.apply_keywords() martlet_data.close_runs() martlet_data.confirm_consents() martlet_data.decide_follow_ups() martlet_data.drop_members() martlet_data.follow_up_settled_by() martlet_data.measure_levels() martlet_data.open_opt_outs() martlet_data.publish_receipts() martlet_data.receive_text() martlet_data.release_budgets() martlet_data.release_chunk() martlet_data.settle_codes() martlet_data.take_connections() martlet_data.take_journey_people() martlet_data.take_rate() martlet_data.wait_for_messages() martlet_data.wake_sleeper() martlet_data.watch_queue()
        - x x - -: martlet_data.add_segment() martlet_data.advance_segment() martlet_data.bucket() martlet_data.check_leases() martlet_data.count_day() martlet_data.create_partitions() martlet_data.day_held_by() martlet_data.days_to_count() martlet_data.drop_partitions() martlet_data.keep_inbound() martlet_data.minute_of_day() martlet_data.next_quiet() martlet_data.outside_quiet() martlet_data.refresh_time_zones() martlet_data.release_slot() martlet_data.retire_segment() martlet_data.template_stamp() martlet_data.work_on_jobs()
        - x x x -: martlet_data.address_key() martlet_data.first_id() martlet_data.mask() martlet_data.person_key() martlet_data.unicode_label() martlet_data.unusual_address_key()
        a - a - -: martlet.audience_rows
        r - r - -: martlet.my_messages
        r - r r -: martlet.audience_rejects
        ra - ra - -: martlet.bulk_enqueue
        x - x - -: martlet.add_members() martlet.begin_audience() martlet.cancel() martlet.cancel_follow_up() martlet.create_audience() martlet.enqueue() martlet.enqueue_many() martlet.enqueue_rows() martlet.event() martlet.finish_audience() martlet.follow_up() martlet.follow_up_rows() martlet.goal() martlet.import_advance() martlet.import_audience() martlet.import_begin() martlet.load_codes() martlet.record_consent() martlet.reject_rows() martlet.status() martlet.suppress() martlet.undo_goal()
        x x x x -: martlet.cluster_of() martlet.created_at()
        """

    private static let walk = """
        with roles(n, role) as (values (1, 'martlet_producer'), (2, 'martlet_worker'), (3, 'martlet_admin'), (4, 'martlet_reader'), (5, 'public')),
        relations as (
            select n.nspname || '.' || regexp_replace(c.relname, '_([0-9]{8})$', '_DAY') as name, c.oid, c.relkind
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname in ('martlet', 'martlet_data') and c.relkind in ('r', 'p', 'v', 'S', 'm', 'f')),
        allowed as (
            select regexp_replace(name, '(ready|leased|due)_[0-9]+$', '\\1_SEGMENT') as name, oid, n, case when relkind = 'S' then
                    concat(case when has_sequence_privilege(role, oid, 'select') then 'r' end,
                        case when has_sequence_privilege(role, oid, 'usage') then 'U' end, case when has_sequence_privilege(role, oid, 'update') then 'w' end)
                else concat(case when has_table_privilege(role, oid, 'select') then 'r' end, case when has_table_privilege(role, oid, 'insert') then 'a' end,
                    case when has_table_privilege(role, oid, 'update') then 'w' else (
                        select '(' || string_agg(a.attname, ' ' order by a.attnum) || ')' from pg_attribute a
                        where a.attrelid = oid and a.attnum > 0 and has_column_privilege(role, oid, a.attnum, 'update')) end,
                    case when has_table_privilege(role, oid, 'delete') then 'd' end,
                    case when has_table_privilege(role, oid, 'truncate, references, trigger') then 'X' end) end as may
            from relations cross join roles
            union all
            select n.nspname || '.' || p.proname || '()', p.oid, r.n, case when has_function_privilege(role, p.oid, 'execute') then 'x' else '' end
            from pg_proc p join pg_namespace n on n.oid = p.pronamespace cross join roles r where n.nspname in ('martlet', 'martlet_data')),
        lines as (select name, string_agg(coalesce(nullif(may, ''), '-'), ' ' order by n) as may from allowed group by name, oid)
        select may || ': ' || string_agg(distinct name, ' ' order by name) from lines group by may
        """

    @Test("every function, view, table and sequence allows each role exactly what is written here")
    func walk() async throws {
        let connection = try await ScratchDatabase.required().connect()
        let found = try await connection.query(PQCall("walk", Self.walk, prepared: false)).map { try $0.text(0) }
        let expected = Set(Self.expected.split(separator: "\n").map(String.init))
        #expect(Set(found).subtracting(expected).sorted() == [])
        #expect(expected.subtracting(found).sorted() == [])
    }

    @Test("every function that runs as its owner pins its search path, the temporary schema last")
    func searchPaths() async throws {
        let connection = try await ScratchDatabase.required().connect()
        let wrong = try await connection.value(
            """
            select string_agg(p.proname, ' ') from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname ~ '^martlet' and p.prosecdef and (p.proconfig @> array['search_path=pg_catalog, pg_temp']) is not true
            """)
        #expect(wrong == nil)
        #expect(
            try await connection.value(
                "select count(*) > 15 from pg_proc where prosecdef and pronamespace::regnamespace::text ~ '^martlet'") == "true")
    }

    @Test("no function takes a relation's name, and everything belongs to the owner role, which cannot log in")
    func ownership() async throws {
        let connection = try await ScratchDatabase.required().connect()
        #expect(
            try await connection.value(
                "select string_agg(proname, ' ') from pg_proc where pronamespace::regnamespace::text in ('martlet', 'martlet_data') and ('regclass'::regtype = any (proargtypes) or proowner <> 'martlet_owner'::regrole)"
            )
                == nil)
        #expect(
            try await connection.value(
                "select string_agg(relname, ' ') from pg_class where relnamespace::regnamespace::text in ('martlet', 'martlet_data') and relowner <> 'martlet_owner'::regrole"
            )
                == nil)
        #expect(
            try await connection.value(
                "select string_agg(rolname, ' ') from pg_roles where rolname ~ '^martlet_' and (rolcanlogin or rolsuper or rolbypassrls or rolcreaterole)"
            ) == nil)
    }

    @Test(
        "what a role may not do is refused",
        arguments: [
            ("martlet_producer", "select * from martlet_data.messages"),
            ("martlet_producer", "select * from martlet.message_status"),
            ("martlet_producer", "insert into martlet_data.ready (slot, seq, message_id) values (1, 1, 1)"),
            ("martlet_producer", "select martlet.requeue(1, 'x')"),
            ("martlet_producer", "select martlet.unsuppress('sms', '+8613800138000', 'x')"),
            ("martlet_worker", "select martlet.requeue(1, 'x')"),
            ("martlet_worker", "select martlet.enqueue('a', 'b', 'c', 'd')"),
            ("martlet_worker", "update martlet_data.messages set address = 'x'"),
            ("martlet_worker", "delete from martlet_data.receipts"),
            ("martlet_worker", "update martlet_data.attempts set provider = 'x'"),
            ("martlet_worker", "insert into martlet_data.policies (files) values ('{}')"),
            ("martlet_worker", "select nextval('martlet_data.ready_cursor_0')"),
            ("martlet_worker", "truncate martlet_data.ready_1"),
            ("martlet_admin", "delete from martlet_data.audit"),
            ("martlet_admin", "update martlet_data.messages set address = 'x'"),
            ("martlet_worker", "update martlet_data.message_links set message_id = 1"),
            ("martlet_worker", "delete from martlet_data.message_links"),
            ("martlet_reader", "select * from martlet_data.message_links"),
            ("martlet_reader", "select * from martlet_data.messages"), ("martlet_reader", "select * from martlet.audit"),
            ("martlet_reader", "select martlet.discard(1, 'x')"), ("martlet_worker", "create table martlet_data.mine ()"),
        ])
    func refused(role: String, sql: String) async throws {
        let connection = try await ScratchDatabase.required().connect()
        let error = await #expect(throws: PQError.self) { try await connection.execute(script: "set role \(role); \(sql)") }
        #expect(error?.sqlstate == "42501", "\(String(describing: error))")
    }

    @Test("an object of the caller's own does not stand in for one of ours inside a function that runs as its owner")
    func shadowing() async throws {
        let scratch = try ScratchDatabase.required()
        let connection = try await scratch.connect()
        try await connection.execute(
            script: """
                create temp table classes (id int2, name text, lane int2, time_to_live interval, retired_at timestamptz);
                create schema if not exists evil; create or replace function evil.clock_timestamp() returns timestamptz language sql as $$ select 'epoch'::timestamptz $$;
                grant usage on schema evil to public;
                """)
        let error = await #expect(throws: PQError.self) {
            try await connection.execute(
                script:
                    "set search_path = evil, pg_temp, pg_catalog; set role martlet_producer; select martlet.enqueue('none', 'sms', '+8613800138000', 'x')"
            )
        }
        #expect(error?.sqlstate == "MT001")
    }
}
