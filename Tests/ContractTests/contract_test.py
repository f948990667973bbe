"""The SQL contract, seen from another language: psycopg against a migrated database.

MARTLET_CONTRACT_PG names the database (a superuser). Sessions of services and admins are made with SET SESSION AUTHORIZATION,
so that no password and no login is needed. Run one case with: python contract_test.py Enqueue
"""
import datetime
import json
import os
import threading
import unittest
import uuid

import psycopg
from psycopg.types.json import Jsonb

CONNINFO = os.environ["MARTLET_CONTRACT_PG"]
PHONE = "+8613800138000"
GOOD = {"class": "notification", "channel": "sms", "recipient": PHONE, "template": "parcel"}
TAG = uuid.uuid4().hex[:8]
ROLES = {"shop": "martlet_producer", "crm": "martlet_producer", "ann": "martlet_admin", "bob": "martlet_reader", "wrk": "martlet_worker"}
# Which number is the month depends on the session's DateStyle; a zone that no server has.
AMBIGUOUS = ("03/04/2027", "3.4.2027 08:00", "03-04-27", " 12/31/2026 08:00+00", "2027-01-01T08:00:00+25:00")


def setUpModule():
    with psycopg.connect(CONNINFO, autocommit=True) as c:
        for name, role in ROLES.items():
            c.execute(f'create role "{name}_{TAG}" in role {role}')
        c.execute("""
            insert into martlet_data.classes (name, lane, time_to_live, erases_body) values
                ('otp', 0, '5 min', true), ('transactional', 1, '1 day', false), ('notification', 2, '1 day', false), ('marketing', 3, '2 days', false);
            insert into martlet_data.classes (name, lane, time_to_live, retired_at) values ('old', 2, '1 day', now());
            insert into martlet_data.senders (key, default_country, time_zone, is_default) values ('shop', '+86', 'Asia/Shanghai', true),
                ('uk', '+44', 'Europe/London', false), ('nowhere', null, 'Etc/UTC', false);
            insert into martlet_data.channels (name, address_kind) values ('push', 'opaque');
            insert into martlet_data.templates (key, channel, locale, version, body) values ('parcel', 'sms', 'en', 1, 'On its way'),
                ('parcel', 'email', 'en', 1, 'On its way'), ('parcel', 'push', 'en', 1, 'On its way')""")


def tearDownModule():
    with psycopg.connect(CONNINFO, autocommit=True) as c:
        for name in ROLES:
            c.execute(f'drop role if exists "{name}_{TAG}"')


def connect(who=None, **options):
    c = psycopg.connect(CONNINFO, **options)
    if who:
        auto, c.autocommit = c.autocommit, True
        c.execute(f'set session authorization "{who}_{TAG}"')
        c.autocommit = auto
    return c


def enqueue(c, **changes):
    args = {k: Jsonb(v) if isinstance(v, (dict, list)) else v for k, v in {**GOOD, **changes}.items()}
    return c.execute(f"select martlet.enqueue({', '.join(f'{k} => %({k})s' for k in args)})", args).fetchone()[0]


def many(c, messages):
    return c.execute("select * from martlet.enqueue_many(%s)", [Jsonb(messages)]).fetchall()


class Contract(unittest.TestCase):
    def setUp(self):
        self.root = self.enter(connect(autocommit=True))
        self.shop = self.enter(connect("shop", autocommit=True))
        self.ann = self.enter(connect("ann", autocommit=True))

    def enter(self, connection):
        self.addCleanup(connection.close)
        return connection

    def one(self, sql, *args, by=None):
        row = (by or self.root).execute(sql, args).fetchone()
        return row[0] if row and len(row) == 1 else row

    def refused(self, code, field, work):
        """`work` fails with this SQLSTATE, names the field, and says what to do."""
        with self.assertRaises(psycopg.Error) as caught:
            work()
        d = caught.exception.diag
        self.assertEqual(d.sqlstate, code, d.message_primary)
        self.assertIn(field, d.message_primary)
        self.assertTrue(d.message_hint, f"no remedy: {d.message_primary}")
        return d

    def message(self, id):
        return self.root.execute("""select recipient_key, address, variables, producer, extract(epoch from expires_at - created_at), created_at
            from martlet_data.messages where id = %s""", [id]).fetchone()

    def dead(self, reason="rejected", body=True, **changes):
        """A message that a worker has given up."""
        id = enqueue(self.shop, **changes)
        self.root.execute("delete from martlet_data.ready where message_id = %s", [id])
        self.root.execute("""insert into martlet_data.dead_letters (message_id, class, channel, recipient_key, address, template, reason,
                explanation, remedy, lane, attempt, series, message, history)
            select m.id, c.name, 'sms', m.recipient_key, m.address, m.template, %s, 'why', 'what', c.lane, 3, 0,
                case when %s then to_jsonb(m) else '{}' end, '[]'
            from martlet_data.messages m join martlet_data.classes c on c.id = m.class_id where m.id = %s""", [reason, body, id])
        return id


class Enqueue(Contract):
    def test_defaults(self):
        id = enqueue(self.shop)
        key, address, variables, producer, life, created = self.message(id)
        self.assertEqual((key, address, variables, producer, life), (PHONE, PHONE, {}, f"shop_{TAG}", 86400))
        self.assertLess(abs(created - self.one("select martlet.created_at(%s)", id, by=self.shop)), datetime.timedelta(milliseconds=2))
        self.assertEqual(self.one("select attempt, burned, resends, deaths, series from martlet_data.ready where message_id = %s", id), (0,) * 5)

    def test_ids_need_more_than_a_double(self):
        ids = [enqueue(self.shop) for _ in range(8)]
        self.assertEqual(ids, sorted(ids))
        self.assertGreater(ids[0], 2**53)
        self.assertTrue(any(int(float(i)) != i for i in ids))
        text = self.one("select json_build_object('id', martlet.enqueue('notification', 'sms', %s, 'parcel')::text)::text", PHONE, by=self.shop)
        self.assertEqual(self.one("select count(*) from martlet_data.messages where id = %s", int(json.loads(text)["id"])), 1)

    def test_scheduled_waits_in_due_and_lives_from_then(self):
        later = self.one("select clock_timestamp() + interval '3 hours'")
        id = enqueue(self.shop, scheduled_at=later)
        self.assertEqual(self.one("select due_at, reason from martlet_data.due where message_id = %s", id), (later, "scheduled"))
        self.assertEqual(self.one("select expires_at from martlet_data.messages where id = %s", id), later + datetime.timedelta(days=1))
        past = enqueue(self.shop, scheduled_at=later - datetime.timedelta(days=1), expires_at=later)
        self.assertEqual(self.one("select count(*) from martlet_data.ready where message_id = %s", past), 1)

    def test_class_chooses_the_lane(self):
        for name, lane in [("otp", 0), ("marketing", 3)]:
            id = enqueue(self.shop, **{"class": name})
            self.assertEqual(self.one("""select s.lane from martlet_data.ready r join martlet_data.segments s on s.kind = 'ready' and s.slot = r.slot
                where message_id = %s""", id), lane)

    def test_what_enqueue_knows_follows_the_policy(self):
        added = {"class": "survey", "template": "survey"}
        self.refused("MT001", "class", lambda: enqueue(self.shop, **added))
        self.root.execute("insert into martlet_data.classes (name, lane, time_to_live) values ('survey', 3, '1 hour')")
        self.refused("MT004", "template", lambda: enqueue(self.shop, **added))
        self.root.execute("insert into martlet_data.templates (key, channel, locale, version, body) values ('survey', 'sms', 'en', 1, 'How was it?')")
        self.assertEqual(self.message(enqueue(self.shop, **added))[4], 3600)
        self.root.execute("update martlet_data.classes set time_to_live = '2 hours', lane = 2 where name = 'survey'")
        id = enqueue(self.shop, **added)
        self.assertEqual(self.message(id)[4], 7200)
        self.assertEqual(self.one("""select s.lane from martlet_data.ready r join martlet_data.segments s on s.kind = 'ready' and s.slot = r.slot
            where message_id = %s""", id), 2)
        self.root.execute("update martlet_data.templates set retired_at = now() where key = 'survey'")
        self.refused("MT004", "template", lambda: enqueue(self.shop, **added))
        self.root.execute("update martlet_data.templates set retired_at = null where key = 'survey'")
        self.root.execute("update martlet_data.classes set retired_at = now() where name = 'survey'")
        self.refused("MT001", "class", lambda: enqueue(self.shop, **added))

    def test_two_policies_at_once_are_both_known(self):
        # Neither sees the other's row when it writes its own: the second must wait, then look again.
        self.root.execute("insert into martlet_data.classes (name, lane, time_to_live) values ('pair', 3, '1 hour')")
        first, second = self.enter(connect()), self.enter(connect())
        first.execute("insert into martlet_data.templates (key, channel, locale, version, body) values ('pair-a', 'sms', 'en', 1, 'a')")
        waiting = threading.Thread(target=lambda: (second.execute(
            "insert into martlet_data.templates (key, channel, locale, version, body) values ('pair-b', 'sms', 'en', 1, 'b')"), second.commit()))
        waiting.start()
        while not self.one("select exists (select from pg_locks where pid = %s and not granted)", second.info.backend_pid):
            self.assertTrue(waiting.is_alive())
        first.commit()
        waiting.join()
        for template in ["pair-a", "pair-b"]:
            enqueue(self.shop, **{"class": "pair", "template": template})

    def test_numbers_are_normalised(self):
        for text, sender, wanted in [
            ("+86 138-0013.8000", None, PHONE), ("0086 13800138000", None, PHONE), ("138 0013 8000", None, PHONE),
            ("(020) 7946/0958", "uk", "+442079460958"), ("+44 (0)20 7946 0958", None, "+442079460958"), ("+49\u00a030 901820", None, "+4930901820"),
            ("8613800138000", None, PHONE), ("447700900123", "uk", "+447700900123"), ("+44 07700 900123", None, "+447700900123"), ("+4407700900123", None, "+447700900123"),
            ("+39 (0)2 1234 5678", None, "+390212345678"), ("+7 8 912 345-67-89", None, "+79123456789"), ("tel:+86-138-0013-8000", None, PHONE),
            ("\u202a+8613800138000\u202c", None, PHONE), ("\uff0b\uff18\uff16\uff11\uff13\uff18\uff10\uff10\uff11\uff13\uff18\uff10\uff10\uff10", None, PHONE), ("+86\u202f138\u202f0013\u202f8000", None, PHONE),
            ('="+8613800138000"', None, PHONE), ("'+8613800138000", None, PHONE), ("\ufeff138\u20110013\u20118000\t", None, PHONE),
        ]:
            with self.subTest(text):
                self.assertEqual(self.message(enqueue(self.shop, recipient=text, **({"sender": sender} if sender else {})))[1], wanted)

    def test_what_is_no_number(self):
        for text in ["", "hello", "+", "+0123456789", "12", "+12345", "+1234567890123456", "+86138001380x0", "13800138000\r\nX", None,
                "8.61380013812E+12", "8,6138E12", "13800138000.0", "13800138000/13800138001", "+8613800138000+8613800138001", "0086", "110", "+44 07",
                "447700900123", "0011 44 7700 900123", "+86 138 0013 8000 ext 5", "1-800-FLOWERS", "\u200b", "00999123456789"]:
            with self.subTest(text):
                self.refused("MT003", "field recipient", lambda: enqueue(self.shop, recipient=text))
        self.refused("MT003", "field recipient", lambda: enqueue(self.shop, recipient="13800138000", sender="nowhere"))

    def test_mailboxes(self):
        for text, wanted in [("Ann.B@Example.COM", "Ann.B@example.com"), ("a+b@x.org", "a+b@x.org"), ("用户@例子.广告", "用户@例子.广告"), ("\ufeffann@b.org", "ann@b.org"), ("ann@b.org\u202c", "ann@b.org"), ("\u00a0 ann@b.org\t", "ann@b.org"), ('="ann@b.org"', "ann@b.org"), ("o'neil@ex_ample.org", "o'neil@ex_ample.org")]:
            self.assertEqual(self.message(enqueue(self.shop, channel="email", recipient=text))[1], wanted)
        for text in ["ann", "ann@", "@x.org", "a@b", "Ann <a@b.org>", "a@b.org,c@d.org", "a b@c.org", "a@b..org", "a@b.org\r\nBcc: x@y.z", "a" * 65 + "@b.org", "a@b@c.org", "a@" + "b" * 255 + ".org", None,
                "ann\u200b@b.org", "ann\u00a0@b.org", "a\u00adnn@b.org", "ann@b\u2060.org", "ann..b@c.org", ".ann@c.org", "ann.@c.org", "ann@-b.org", "ann@b-.org", "ann@b.org.", "ann@1.2.3.4",
                "ann@b!.org", "ann@" + "b" * 64 + ".org", "ann\uff20b.org", "mailto:ann@b.org", "\ufeff"]:
            with self.subTest(text):
                self.refused("MT003", "field recipient", lambda: enqueue(self.shop, channel="email", recipient=text))
        for text in ["a\nb", "\u200b", " "]:
            self.refused("MT003", "field recipient", lambda: enqueue(self.shop, channel="push", recipient=text))

    def test_a_refused_address_says_why(self):
        for changes, words in [
            ({"recipient": "8.61380013812E+12"}, "power of ten"), ({"recipient": "13800138000.0"}, "export the column as text"), ({"recipient": "447700900123"}, "no number of +86"),
            ({"channel": "email", "recipient": "ann\u200b@b.org"}, "invisible character"), ({"channel": "email", "recipient": "ann..b@c.org"}, "two in a row"),
        ]:
            with self.subTest(words):
                self.assertIn(words, self.refused("MT003", "field recipient", lambda: enqueue(self.shop, **changes)).message_primary)
                self.assertIn(words, self.refused("MT003", "field recipient", lambda: self.shop.execute(
                    "select martlet.suppress(%s, %s)", [changes.get("channel", "sms"), changes["recipient"]])).message_primary)

    def test_numbers_of_every_country_are_right_or_refused(self):
        """Example numbers of phonenumbers, as people write them: the right one or none, never another; of mobile ones at most two spellings none."""
        import phonenumbers
        from phonenumbers import PhoneMetadata, PhoneNumberFormat, PhoneNumberType
        wrong, refused, count = [], [], 0
        for region in sorted(phonenumbers.SUPPORTED_REGIONS):
            trunk = PhoneMetadata.metadata_for_region(region).national_prefix or ""
            # Freephone numbers get no messages, but without their + they must not become somebody's number.
            for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.TOLL_FREE):
                example = phonenumbers.example_number_for_type(region, kind)
                if example is None:
                    continue
                right = phonenumbers.format_number(example, PhoneNumberFormat.E164)
                national = phonenumbers.national_significant_number(example)
                country = f"+{example.country_code}"
                for text in {right, "00" + right[1:], right[1:], national, trunk + national, country + trunk + national, f"{country} ({trunk}) {national}",
                        phonenumbers.format_number(example, PhoneNumberFormat.INTERNATIONAL), phonenumbers.format_number(example, PhoneNumberFormat.NATIONAL)}:
                    if kind == PhoneNumberType.TOLL_FREE and text[0] == "+":
                        continue
                    count += 1
                    got = self.one("select martlet_data.normalise_address('phone', %s, %s)", text, country)
                    if got is None and kind == PhoneNumberType.MOBILE:
                        refused.append((text, country))
                    elif got not in (None, right):
                        wrong.append((text, country, got, right))
        self.assertGreater(count, 3000)
        self.assertEqual(wrong, [])
        self.assertLessEqual(len(refused), 2, refused)

    def test_the_numbering_plans_are_what_the_tool_makes(self):
        import pathlib, subprocess, sys
        tool = pathlib.Path(__file__).resolve().parents[2] / "Deploy" / "numbering-plans"
        done = subprocess.run([sys.executable, str(tool), "--check"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_every_refusal_has_field_code_and_remedy(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        hour = datetime.timedelta(hours=1)
        cases = [
            ("MT001", "class", {"class": "nope"}), ("MT001", "class", {"class": None}), ("MT001", "class", {"class": "old"}),
            ("MT002", "channel", {"channel": "fax"}), ("MT002", "channel", {"channel": None}),
            ("MT004", "template", {"template": "nope"}), ("MT004", "template", {"template": None}),
            ("MT005", "time_zone", {"time_zone": "Beijing+8"}), ("MT005", "time_zone", {"time_zone": "asia/shanghai"}),
            ("MT006", "variables", {"variables": [1]}), ("MT006", "variables", {"variables": None}), ("MT006", "variables", {"variables": {"a": uuid.uuid4().hex * 2100}}),
            ("MT006", "variables", {"variables": {"a": "x" * 70000}}),
            ("MT007", "expires_at", {"expires_at": now - hour}), ("MT007", "expires_at", {"scheduled_at": now + 2 * hour, "expires_at": now + hour}),
            ("MT009", "sender", {"sender": "nope"}),
            ("MT010", "headers", {"headers": [1]}), ("MT010", "headers", {"headers": {"a": "x" * 9000}}),
            ("MT010", "recipient_key", {"recipient_key": "x" * 257}), ("MT010", "locale", {"locale": "x" * 36 + "y" * 200}), ("MT010", "locale", {"locale": "x" * 36}),
            ("MT010", "tier", {"tier": ""}), ("MT010", "group_key", {"group_key": "a\nb"}), ("MT010", "idempotency_key", {"idempotency_key": ""}),
            ("MT010", "traceparent", {"traceparent": "x" * 65}), ("MT010", "tier", {"tier": "x" * 65}),
        ]
        for code, field, changes in cases:
            with self.subTest(f"{code} {field} {str(changes)[:60]}"):
                self.refused(code, f"field {field}", lambda: enqueue(self.shop, **changes))
        self.assertIn("Known classes: marketing, notification, otp, transactional.", self.refused("MT001", "", lambda: enqueue(self.shop, **{"class": "x"})).message_hint)

    def test_an_unusable_recipient_is_not_repeated_in_full(self):
        d = self.refused("MT003", "field recipient", lambda: enqueue(self.shop, recipient="+8613800138000999999"))
        self.assertNotIn("00138000", d.message_primary)

    def test_the_commit_is_durable_whatever_the_caller_set(self):
        calls = {
            "enqueue": "select martlet.enqueue('notification', 'sms', '+8613800138000', 'parcel')",
            "enqueue_many": """select * from martlet.enqueue_many('[{"class": "notification", "channel": "sms", "recipient": "+8613800138000", "template": "parcel"}]')""",
            "suppress": "select martlet.suppress('sms', '+8613900000001')",
            "record_consent": "select martlet.record_consent('k', 'sms', 'marketing', 'withdrawn', 'web')",
            "cancel group": "select martlet.cancel('some group')",
            "cancel message": f"select martlet.cancel({enqueue(self.shop)}::bigint)",
        }
        c = self.enter(connect("shop"))
        for name, sql in calls.items():
            for setting, wanted in [("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")]:
                with self.subTest(f"{name} {setting}"):
                    c.execute(f"set local synchronous_commit = {setting}")
                    c.execute(sql)
                    self.assertEqual(c.execute("show synchronous_commit").fetchone()[0], wanted)
                    c.rollback()

    def test_a_rollback_takes_the_message_with_it(self):
        c = self.enter(connect("shop"))
        id = enqueue(c)
        c.rollback()
        self.assertIsNone(self.message(id))


    def test_a_message_that_had_to_wait_at_the_door_lives_as_long_as_others(self):
        for _ in range(5):
            ids = []
            with self.root.transaction():
                self.root.execute("lock table martlet_data.enqueue_places in access exclusive mode")
                waiting = threading.Thread(target=lambda: ids.append(enqueue(self.shop)))
                waiting.start()
                while not self.one("select exists (select from pg_locks where pid = %s and not granted)", self.shop.info.backend_pid):
                    pass
                self.root.execute("select pg_sleep(0.02)")
                free = self.one("select clock_timestamp()")
            waiting.join()
            *_, life, created = self.message(ids[0])
            self.assertEqual(life, 86400)
            self.assertGreater(created, free)


class Ids(Contract):
    def parts(self, id):
        return id >> 22, id >> 16 & 63, id & 65535

    def setUp(self):
        super().setUp()
        self.root.execute("update martlet_data.cluster set number = 0, since_id = null, since_seq = null")

    def set(self, number, by=None):
        self.one("select martlet.set_cluster(%s::int, 'test')", number, by=by or self.ann)

    def rows(self, count, **changes):
        rows = [{**GOOD, **changes}] * count
        return self.one("select martlet.enqueue_rows(%s, %s, %s, %s)", *[[r[k] for r in rows] for k in ("class", "channel", "recipient", "template")], by=self.shop)

    def ms(self, at):
        return int(at.timestamp() * 1000) - 1735689600000

    def passes(self, since, milliseconds):
        """Until the server's clock shows so much later."""
        while self.one("select clock_timestamp()") - since < datetime.timedelta(milliseconds=milliseconds):
            pass

    def test_every_way_in_carries_the_number(self):
        self.set(41)
        first = enqueue(self.shop)
        scheduled = enqueue(self.shop, scheduled_at=datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1))
        keyed = enqueue(self.shop, idempotency_key=uuid.uuid4().hex)
        bulk = self.rows(3) + [id for _, id in many(self.shop, [GOOD, {**GOOD, "headers": {"X-A": "b"}}])]
        with self.shop.cursor().copy("copy martlet.bulk_enqueue (class, channel, recipient, template) from stdin") as copy:
            copy.write_row(("notification", "sms", PHONE, "parcel"))
        copied = self.one("select max(id) from martlet_data.messages")
        self.one("select martlet.follow_up(%s, 'not_opened', 'sms', '+447700900001', after => '1 hour')", keyed, by=self.shop)
        self.root.execute("insert into martlet_data.receipts (message_id, kind, at, attempt) values (%s, 'accepted', now() - interval '2 hours', 1)", [keyed])
        self.root.execute("update martlet_data.follow_ups set due_at = now() - interval '1 hour'")
        self.assertEqual(self.one("select array_agg(decision || decisions) from martlet_data.decide_follow_ups(10)"), ["sent1"])
        follows = self.one("select sent_id from martlet_data.follow_ups where message_id = %s", keyed)
        for id in [first, scheduled, keyed, copied, follows] + bulk:
            self.assertEqual((self.parts(id)[1], self.one("select martlet.cluster_of(%s)", id, by=self.shop)), (41, 41))
            self.assertLess(abs(self.message(id)[5] - self.one("select martlet.created_at(%s)", id)), datetime.timedelta(seconds=1))

    def test_ids_of_before_belong_to_cluster_0(self):
        # As it was: 22 bits of the sequence, all set.
        before = self.ms(datetime.datetime.now(datetime.timezone.utc)) << 22 | 4194303
        self.assertEqual(self.one("select martlet.cluster_of(%s)", before), 0)
        time = self.one("select martlet.created_at(%s)", before)
        self.passes(self.one("select clock_timestamp()"), 2)
        self.set(5)
        self.assertEqual(self.one("select martlet.cluster_of(%s)", before), 0)
        self.assertEqual(self.one("select martlet.created_at(%s)", before), time)
        self.assertEqual(self.one("select martlet.cluster_of(%s)", enqueue(self.shop)), 5)
        # The day of an id is that of its milliseconds, whatever the bits below are.
        day = self.one("select martlet_data.first_id('2026-03-01Z')")
        self.assertEqual([self.one("select (martlet.created_at(%s) at time zone 'UTC')::date::text", id) for id in (day, day | 63 << 16, day | 4194303)], ["2026-03-01"] * 3)

    def test_without_a_number_it_is_0(self):
        self.assertEqual(self.one("select number, since_id from martlet.cluster", by=self.ann), (0, None))
        self.assertEqual(self.parts(enqueue(self.shop))[1], 0)

    def test_a_number_stays_once_ids_carry_it(self):
        for number in (64, -1, None):
            self.refused("MT016", "field number", lambda: self.set(number))
        self.refused("MT010", "field why", lambda: self.one("select martlet.set_cluster(3, '')", by=self.ann))
        with self.assertRaises(psycopg.errors.InsufficientPrivilege):
            self.set(3, by=self.shop)
        enqueue(self.shop)
        self.set(3)
        since = self.one("select since_id from martlet.cluster")
        self.set(4)  # nothing carries 3 yet
        enqueue(self.shop)
        self.refused("MT016", "this is cluster 4, and ids carry that number", lambda: self.set(5))
        self.set(4)
        self.assertEqual(self.one("select number, since_id from martlet.cluster"), (4, since))
        self.assertEqual(self.root.execute("select object, detail ->> 'before', why from martlet_data.audit where action = 'set_cluster' order by id desc limit 2").fetchall(),
            [("4", "3", "test"), ("3", "0", "test")])

    def test_where_the_16_bits_begin_anew_nothing_is_lost_and_places_go_on(self):
        self.set(63)
        self.one("select setval('martlet_data.message_seq', (last_value / 65536 + 1) * 65536 + 65530) from martlet_data.message_seq")
        ids = self.rows(20) + [enqueue(self.shop)]
        self.assertEqual(len(set(ids)), 21)
        self.assertEqual([self.parts(i)[2] for i in ids], list(range(65531, 65536)) + list(range(16)))
        self.assertEqual({self.parts(i)[1] for i in ids}, {63})
        places = [self.one("select seq from martlet_data.ready where message_id = %s", i) for i in ids]
        self.assertEqual(places, list(range(places[0], places[0] + 21)))

    def test_an_id_given_twice_is_refused_and_nothing_is_stored(self):
        # Every number has the same 16 bits now: two messages of one millisecond have the same id.
        before = self.one("select count(*) from martlet_data.messages")
        self.root.execute("alter sequence martlet_data.message_seq increment by 65536")
        try:
            with self.assertRaises(psycopg.errors.UniqueViolation):
                self.shop.execute("select martlet.enqueue('notification', 'sms', %s, 'parcel') from generate_series(1, 5000)", [PHONE])
            self.refused("40001", "given twice", lambda: self.rows(5000))
        finally:
            self.root.execute("alter sequence martlet_data.message_seq increment by 1")
        self.assertEqual(self.one("select count(*) from martlet_data.messages"), before)
        self.assertEqual(len(set(self.rows(5000))), 5000)

    def test_a_call_that_was_held_up_takes_the_time_of_its_number(self):
        """The clock is read when a call begins. One that waited after that would have the id of a message of then, once the 16 bits began anew."""
        calls = {"enqueue_places": lambda: enqueue(self.shop), "classes": lambda: self.rows(2)[1]}
        for table, call in calls.items():
            with self.subTest(table):
                holder = self.enter(connect())
                holder.execute(f"lock table martlet_data.{table} in access exclusive mode")
                found = []
                thread = threading.Thread(target=lambda: found.append(call()))
                thread.start()
                while not self.one("select count(*) from pg_locks where not granted and relation = %s::regclass", f"martlet_data.{table}"):
                    pass
                self.passes(self.one("select clock_timestamp()"), 30)
                released = self.one("select clock_timestamp()")
                holder.rollback()
                thread.join(60)
                self.assertGreaterEqual(self.parts(found[0])[0], self.ms(released))


class Limits(Contract):
    """What may not enter: it would be more once it is stored, or could never be written down again."""
    def rows(self, variables, **changes):
        args = {**GOOD, "variables": variables, **changes}
        return self.shop.execute(f"select martlet.enqueue_rows({', '.join(f'{k} => array[%({k})s::text]' for k in args)})", args).fetchone()[0][0]

    def test_json_that_jsonb_cannot_hold(self):
        for bad in ('{"n": 1e1000000}', '{"n": [{"m": -1e-1000000}]}', '{"a": "\\u0000"}', '{"a": "\\ud800"}', '{"n": 1' + "0" * 140_000 + "}"):
            self.refused("MT006", "element 1: field variables", lambda: self.rows(bad))
        for door in ("select martlet.enqueue('notification', 'sms', '+8613800138000', 'parcel', '{\"n\": 1e1000000}')",
                     "select martlet.enqueue_many('[{\"variables\": {\"n\": 1e1000000}}]')"):
            with self.assertRaises(psycopg.errors.NumericValueOutOfRange):
                self.shop.execute(door)
        with self.assertRaises(psycopg.errors.NumericValueOutOfRange) as caught, self.shop.cursor() as cursor:
            with cursor.copy("copy martlet.bulk_enqueue (class, channel, recipient, template, variables) from stdin") as copy:
                copy.write(b'notification\tsms\t+8613800138000\tparcel\t{"n": 1e1000000}\n')
        self.assertIn("line 1, column variables", caught.exception.diag.context)

    def test_numbers_are_measured_as_they_are_written_out(self):
        for value in ("1e131071", "[" + "1e131071," * 90 + "1]", "1e-16000", "0e-16000", "1" * 401, "1e400", "0." + "1" * 400):
            text = f'{{"n": {value}}}'
            self.refused("MT006", "field variables: a number of more than 400 digits", lambda: self.rows(text))
            self.refused("MT006", "field variables: a number of more than 400 digits", lambda: self.shop.execute(
                "select martlet.enqueue('notification', 'sms', '+8613800138000', 'parcel', %s::jsonb)", [text]))
            self.refused("MT006", "element 1: field variables: a number of more than 400 digits", lambda: self.shop.execute(
                "select martlet.enqueue_many(jsonb_build_array(jsonb_build_object('class', 'notification', 'channel', 'sms', 'recipient', '+8613800138000', 'template', 'parcel', 'variables', %s::jsonb)))", [text]))
            self.refused("MT010", "field headers: a number", lambda: self.shop.execute(
                "select martlet.enqueue('notification', 'sms', '+8613800138000', 'parcel', headers => %s::jsonb)", [text]))
        # Each is short, all of them written out are not.
        self.refused("MT006", "bytes, the limit is 65536", lambda: self.rows('{"n": [' + ",".join(["1e150"] * 433) + "]}"))
        for value in ("1e150", "1" * 400, "1.7976931348623157e308", "5e-324", "-0.0", "129.90"):
            id = self.rows(f'{{"n": {value}}}')
            self.assertLessEqual(self.one("select octet_length(variables::text) from martlet_data.messages where id = %s", id), 65536)

    def test_nesting_is_bounded(self):
        def nested(levels): return '{"n": ' + "[" * (levels - 1) + "]" * (levels - 1) + "}"
        def objects(levels): return '{"n":' * levels + "1" + "}" * levels
        for make in (nested, objects):
            for levels in (33, 500, 7000):
                self.refused("MT006", "field variables", lambda: self.rows(make(levels)))
            for levels in (33, 500):
                self.refused("MT006", "levels of nesting", lambda: self.shop.execute(
                    "select martlet.enqueue('notification', 'sms', '+8613800138000', 'parcel', %s::jsonb)", [make(levels)]))
            self.rows(make(32))
            enqueue(self.shop, variables=json.loads(make(32)))
        self.rows('{"n": [' + ",".join(["[]"] * 100) + "]}")

    def test_a_name_that_looks_like_a_number_is_none(self):
        id = self.rows('{"order": "3e400", "text": "at 5,1e9999 or :1e9999 [1e9999"}')
        self.assertEqual(self.message(id)[2]["order"], "3e400")

    def test_a_requeue_and_a_follow_up_have_the_same_limits(self):
        id = self.dead()
        for bad in ('{"n": 1e131071}', '{"n": ' + "[" * 40 + "]" * 40 + "}"):
            self.refused("MT006", "field variables", lambda: self.ann.execute("select martlet.requeue(%s, 'again', %s::jsonb)", [id, bad]))
            self.refused("MT006", "field variables", lambda: self.shop.execute(
                "select martlet.follow_up(%s, 'undelivered', 'sms', '+8613800138000', variables => %s::jsonb)", [id, bad]))

    def test_times_are_bounded(self):
        for field, bad in (("scheduled_at", "-infinity"), ("scheduled_at", "infinity"), ("expires_at", "infinity"), ("scheduled_at", "290000-01-01T00:00:00Z"), ("scheduled_at", "294276-12-31T23:59:59Z"),
                           ("expires_at", "2099-01-01T00:00:00Z"), ("scheduled_at", "1970-01-01T00:00:00Z")):
            self.refused("MT007", f"field {field}", lambda: self.shop.execute(
                f"select martlet.enqueue('notification', 'sms', '+8613800138000', 'parcel', {field} => %s::timestamptz)", [bad]))
            self.refused("MT007", f"element 1: field {field}", lambda: self.rows("{}", **{field: bad}))
            self.refused("MT007", f"element 1: field {field}", lambda: many(self.shop, [{**GOOD, field: bad}]))
            with self.assertRaises(psycopg.Error) as caught, self.shop.cursor() as cursor:
                with cursor.copy(f"copy martlet.bulk_enqueue (class, channel, recipient, template, {field}) from stdin") as copy:
                    copy.write_row(["notification", "sms", PHONE, "parcel", bad])
            self.assertEqual(caught.exception.diag.sqlstate, "MT007")
        late = self.one("select clock_timestamp() - interval '25 hours'")
        for extra in ({}, {"headers": {}}):
            self.refused("MT007", "more than 24 hours ago", lambda: enqueue(self.shop, scheduled_at=late, **extra))

    def test_a_time_of_today_that_is_over_means_now(self):
        past = self.one("select clock_timestamp() - interval '23 hours'")
        for id in (enqueue(self.shop, scheduled_at=past, **{"class": "otp"}), self.rows("{}", scheduled_at=past.isoformat(), **{"class": "otp"})):
            life = self.one("select expires_at - created_at from martlet_data.messages where id = %s", id)
            self.assertEqual(life, datetime.timedelta(minutes=5))
            self.assertEqual(self.one("select count(*) from martlet_data.ready where message_id = %s", id), 1)


class Events(Contract):
    def test_an_event_that_cannot_be_told_is_in_the_audit_and_undoes_nothing(self):
        self.root.execute("insert into martlet_data.webhook_endpoints values ('hooks', '{suppression.changed,consent.changed}', '{}', '{}')")
        self.addCleanup(self.root.execute, "delete from martlet_data.webhook_endpoints where name = 'hooks'")
        self.shop.execute("select martlet.suppress('sms', '+8613800138999')")
        self.shop.execute("select martlet.record_consent('customer 4711', 'sms', 'marketing', 'granted', 'web', 'Yes, send me offers')")
        lost = self.root.execute("select object, why, detail from martlet.audit where action = 'event_lost' order by id").fetchall()
        why = "the policy has no class or template for webhooks"
        self.assertEqual(lost, [
            ("hooks", why, {"type": "suppression.changed", "channel": "sms", "scope": "marketing", "state": "suppressed"}),
            ("hooks", why, {"type": "consent.changed", "channel": "sms", "purpose": "marketing", "status": "granted"})])
        self.assertEqual(self.one("select count(*) from martlet_data.suppressions where address = '+8613800138999'"), 1)


    def test_no_event_undoes_what_it_speaks_of(self):
        with self.root.transaction(force_rollback=True):
            self.root.execute("""insert into martlet_data.classes (name, lane, time_to_live, required) values ('webhook', 1, '3 days', '{more}');
                insert into martlet_data.channels (name, address_kind) values ('webhook', 'opaque') on conflict do nothing;
                insert into martlet_data.templates (key, channel, locale, version, body, required) values ('webhook', 'webhook', 'default', 1, '{{event}} {{other}}', '{event,other}');
                insert into martlet_data.webhook_endpoints values ('hooks', '{suppression.changed}', '{}', '{}')""")
            self.root.execute("select martlet.suppress('sms', '+8613800138998')")
            told = self.root.execute("select variables ->> 'event' from martlet_data.messages where template = 'webhook'").fetchall()
            self.assertEqual([json.loads(event)["data"]["address"] for event, in told], ["+8613800138998"])
            for size, published in ((10_000, 1), (60_000, 1), (70_000, 0)):
                self.assertEqual(self.one("select martlet_data.publish('suppression.changed', null, null, now(), json_build_object('id', '7', 'text', repeat('x', %s)))", size), published)
            lost = self.root.execute("select object, why, detail from martlet.audit where action = 'event_lost' and detail ->> 'id' = '7'").fetchall()
            self.assertEqual(len(lost), 1)
            self.assertRegex(lost[0][1], "^field variables: 7[0-9]{4} bytes, the limit is 65536$")
            self.assertEqual((lost[0][0], lost[0][2]), ("hooks", {"type": "suppression.changed", "id": "7"}))


class Templates(Contract):
    """What no worker could render is refused at every door."""
    WHOLE = {"order_number": "A-1", "time": "9:00", "place": {"name": "shop"}}

    @classmethod
    def setUpClass(cls):
        with psycopg.connect(CONNINFO, autocommit=True) as c:
            c.execute("""
                update martlet_data.senders set default_locale = case key when 'shop' then 'en' else 'fr' end;
                update martlet_data.classes set required = '{time}', schedule_within = '30 days' where name = 'notification';
                insert into martlet_data.templates (key, channel, locale, version, body, required) values
                    ('pickup', 'sms', 'en', 1, 'x', '{old}'), ('pickup', 'sms', 'en', 2, 'x', '{order_number,place.name}'), ('pickup', 'sms', 'zh-Hant', 1, 'x', '{order_number,code}'),
                    ('pickup', 'email', 'default', 1, 'x', '{}'), ('yes', 'sms', 'en', 1, '{{confirm_url}}', '{confirm_url}')""")

    def doors(self, changes, check=None):
        """The same message by every door; each a function."""
        message = {**GOOD, "template": "pickup", **changes}
        extra = {} if check is None else {"check_template": check}
        plain = {k: json.dumps(v) if k == "variables" else v for k, v in message.items()}
        flag = "" if check is None else f", check_template => {check}"
        columns = list(plain) + list(extra)

        def copied():
            with self.shop.cursor().copy(f"copy martlet.bulk_enqueue ({', '.join(columns)}) from stdin") as copy:
                copy.write_row(list(plain.values()) + list(extra.values()))
        return {
            "enqueue": lambda: enqueue(self.shop, **message, **extra),
            "enqueue_many": lambda: self.shop.execute(f"select * from martlet.enqueue_many(%s{flag})", [Jsonb([{**GOOD, "template": "parcel", "variables": {"time": "1"}}, message])]).fetchall(),
            "enqueue_rows": lambda: self.shop.execute(
                f"select martlet.enqueue_rows({', '.join(f'{k} => array[%({k})s]::text[]' for k in plain)}{flag})", plain).fetchone(),
            "copy": copied,
            "follow_up": lambda: self.shop.execute(
                f"select martlet.follow_up(%(id)s, 'undelivered', {', '.join(f'{k} => %({k})s' for k in plain)}{flag})",
                {**plain, "id": enqueue(self.shop, template="parcel", variables={"time": "1"})}).fetchone(),
        }

    def test_all_missing_names_at_once_at_every_door(self):
        for variables, missing, by in [
            ({}, "order_number, place.name, time are", "template pickup and class notification require"),
            ({"order_number": " \t", "time": None, "place": {"name": []}}, "order_number, place.name, time are", "template pickup and class notification require"),
            ({**self.WHOLE, "place": "shop"}, "place.name is", "template pickup requires"), ({**self.WHOLE, "time": ""}, "time is", "class notification requires"),
            ({**self.WHOLE, "order_number": []}, "order_number is", "template pickup requires"),
        ]:
            for name, door in self.doors({"variables": variables}).items():
                with self.subTest(door=name, variables=variables):
                    d = self.refused("MT025", "field variables", door)
                    self.assertIn(f"field variables: {missing} missing or empty, which {by}", d.message_primary)
        for name, door in self.doors({"variables": {}}, check=False).items():
            with self.subTest(door=name):
                door()
        for name, door in self.doors({"variables": {**self.WHOLE, "order_number": 0, "time": False}}).items():
            with self.subTest(door=name):
                door()
        d = self.refused("MT025", "order_number is", lambda: enqueue(self.shop, template="pickup", variables={"order_nmber": "1", "time": 1, "place": {"name": 1}}))
        self.assertTrue(d.message_hint.startswith("Did you mean order_number? "), d.message_hint)
        self.assertEqual(d.message_detail, "Given: order_nmber, place, time.")
        enqueue(self.shop, template="yes", variables={"time": 1})  # confirm_url is Martlet's to give

    def test_a_locale_needs_a_text(self):
        for name, door in self.doors({"variables": self.WHOLE, "locale": "de-AT"}).items():
            with self.subTest(door=name):
                d = self.refused("MT026", "field locale: template pickup has no text on channel sms for locale 'de-AT'", door)
                self.assertIn("It has: en, zh-Hant.", d.message_hint)
        for name, door in self.doors({"variables": self.WHOLE, "locale": "de-AT"}, check=False).items():
            door()
        self.refused("MT026", "for locale 'fr' of its sender", lambda: enqueue(self.shop, template="pickup", variables=self.WHOLE, sender="uk"))
        for changes in [{"locale": "en-GB"}, {"locale": "EN_gb"}, {"sender": "uk", "locale": "en"}, {"channel": "email", "recipient": "a@b.example", "locale": "de", "sender": "uk"}]:
            with self.subTest(changes=changes):
                enqueue(self.shop, template="pickup", variables=self.WHOLE, **changes)
        # The text that is chosen says what it requires.
        self.refused("MT025", "code is missing", lambda: enqueue(self.shop, template="pickup", variables=self.WHOLE, locale="zh-Hant-TW"))
        enqueue(self.shop, template="pickup", variables={"order_number": 1, "time": 1, "code": 1}, locale="zh-Hant-TW")
        with self.root.transaction(force_rollback=True):
            self.root.execute("update martlet_data.senders set default_locale = null")
            enqueue(self.root, template="pickup", variables={"order_number": 1, "time": 1})  # of a policy of the version before nothing more is known
            self.refused("MT025", "order_number is missing", lambda: enqueue(self.root, template="pickup", variables={"time": 1}))

    def test_typos_are_answered(self):
        for changes, words in [
            ({"class": "notfication"}, "Did you mean notification? "), ({"channel": "smss"}, "Did you mean sms? "), ({"template": "parcle"}, "Did you mean parcel? "),
            ({"sender": "sohp"}, "Did you mean shop? "), ({"time_zone": "Asia/Shangai"}, "Did you mean Asia/Shanghai? "), ({"template": "pickup", "channel": "push"}, "It has texts for email, sms. "),
        ]:
            with self.subTest(changes=changes):
                with self.assertRaises(psycopg.Error) as caught:
                    enqueue(self.shop, **{"variables": {"time": 1}, **changes})
                self.assertTrue(caught.exception.diag.message_hint.startswith(words), caught.exception.diag.message_hint)
        d = self.refused("MT001", "", lambda: enqueue(self.shop, **{"class": "something else"}))
        self.assertTrue(d.message_hint.startswith("Known classes: "), d.message_hint)

    def test_an_empty_recipient_and_a_missing_country_are_said(self):
        for channel, recipient in [("sms", ""), ("sms", " "), ("email", ""), ("push", "")]:
            self.assertEqual(self.refused("MT003", "", lambda: enqueue(self.shop, channel=channel, recipient=recipient, variables={"time": 1})).message_primary, "field recipient: is empty")
        self.assertEqual(self.refused("MT003", "", lambda: enqueue(self.shop, recipient=None)).message_primary, "field recipient: is null")
        d = self.refused("MT003", "has no + and no calling code, and its sender has no default_country", lambda: enqueue(self.shop, recipient="13800138000", sender="nowhere"))
        self.assertIn("default_country", d.message_hint)

    def test_how_far_ahead_is_the_classes_to_say(self):
        now = self.one("select clock_timestamp()")
        for days, name in [(31, "notification"), (367, "transactional"), (1200, "transactional")]:
            for door_name, door in self.doors({"class": name, "variables": self.WHOLE, "scheduled_at": (now + datetime.timedelta(days=days)).isoformat()}).items():
                if door_name != "follow_up":
                    with self.subTest(days=days, door=door_name):
                        self.refused("MT007", f"class {name} may be scheduled no further ahead", door)
        enqueue(self.shop, variables={"time": 1}, scheduled_at=now + datetime.timedelta(days=29))

    def test_a_service_asks_what_became_of_its_own(self):
        key = uuid.uuid4().hex
        id = enqueue(self.shop, variables={"time": 1}, idempotency_key=key)
        for ask in [id, key]:
            row = self.shop.execute("select message_id, state, reason, template from martlet.status(%s)", [ask]).fetchone()
            self.assertEqual(row, (id, "ready", None, "parcel"))
        self.assertEqual(self.one("select state from martlet.my_messages where message_id = %s", id, by=self.shop), "ready")
        self.shop.execute("select martlet.cancel(%s::bigint)", [id])
        self.assertEqual(self.one("select state from martlet.status(%s)", id, by=self.shop), "cancelled")
        dead = self.dead(variables={"time": 1})
        self.assertEqual(self.one("select state, reason, explanation from martlet.status(%s)", dead, by=self.shop), ("dead", "rejected", "why"))
        crm = self.enter(connect("crm", autocommit=True))
        for ask in [id, key, 1, None]:
            self.refused("MT012", "", lambda: crm.execute("select * from martlet.status(%s)", [ask]) if ask is not None else crm.execute("select * from martlet.status(null::bigint)"))
        self.assertEqual(self.one("select count(*) from martlet.my_messages where message_id = %s", id, by=crm), 0)
        for who in ["bob", "wrk"]:
            with self.assertRaises(psycopg.errors.InsufficientPrivilege):
                self.enter(connect(who, autocommit=True)).execute("select * from martlet.my_messages")


class Idempotency(Contract):
    def test_same_key_and_request_is_the_same_message(self):
        key = uuid.uuid4().hex
        first = enqueue(self.shop, idempotency_key=key, variables={"a": 1, "b": 2}, traceparent="one")
        again = enqueue(self.shop, idempotency_key=key, variables={"b": 2, "a": 1}, traceparent="two")
        self.assertEqual(first, again)
        self.assertEqual(self.one("select count(*) from martlet_data.ready where message_id = %s", first), 1)

    def test_same_key_with_another_request_names_both(self):
        key = uuid.uuid4().hex
        first = enqueue(self.shop, idempotency_key=key)
        d = self.refused("MT008", "field idempotency_key", lambda: enqueue(self.shop, idempotency_key=key, variables={"a": 1}))
        self.assertIn(str(first), d.message_primary)
        self.assertRegex(d.message_detail, "request before: [0-9a-f]{16}, request now: [0-9a-f]{16}")

    def test_keys_belong_to_the_role_that_used_them(self):
        key = uuid.uuid4().hex
        crm = self.enter(connect("crm", autocommit=True))
        self.assertNotEqual(enqueue(self.shop, idempotency_key=key), enqueue(crm, idempotency_key=key))

    def test_eight_at_once_make_one_message(self):
        key, ids, gate = uuid.uuid4().hex, [], threading.Barrier(8)

        def work():
            with connect("shop", autocommit=True) as c:
                gate.wait(30)
                ids.append(enqueue(c, idempotency_key=key))

        threads = [threading.Thread(target=work) for _ in range(8)]
        [t.start() for t in threads]
        [t.join(60) for t in threads]
        self.assertEqual((len(ids), len(set(ids))), (8, 1))
        self.assertEqual(self.one("select count(*) from martlet_data.messages where id = %s", ids[0]), 1)

    def test_at_repeatable_read_a_key_of_a_newer_transaction_asks_to_run_again(self):
        key = uuid.uuid4().hex
        c = self.enter(connect("shop"))
        c.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        c.execute("select 1")  # the snapshot
        first = enqueue(self.shop, idempotency_key=key)
        with self.assertRaises(psycopg.errors.SerializationFailure):
            enqueue(c, idempotency_key=key)
        c.rollback()
        self.assertEqual(enqueue(c, idempotency_key=key), first)
        c.rollback()

    def test_a_request_is_the_same_by_value(self):
        at = "2027-01-01 08:00+00"
        ids = set()
        for zone, style, variables, when in (("UTC", "postgres", '{"n": 1, "l": [{"p": 2.5}]}', at), ("Asia/Shanghai", "iso_8601", '{"l": [{"p": 2.50}], "n": 1.0}', "2027-01-01 16:00+08"),
                                             ("America/New_York", "sql_standard", '{"n": 1.000, "l": [{"p": 25e-1}]}', "2027-01-01 03:00-05")):
            self.shop.execute(f"set timezone = '{zone}'; set intervalstyle = {style}")
            ids.add(self.one("select martlet.enqueue('notification', 'sms', %s, 'parcel', %s::jsonb, idempotency_key => 'by value', scheduled_at => %s::timestamptz, expires_at => %s::timestamptz + interval '1 hour')",
                             PHONE, variables, when, when, by=self.shop))
            ids.add(many(self.shop, [{**GOOD, "variables": json.loads(variables), "idempotency_key": "by value", "scheduled_at": when,
                                      "expires_at": "2027-01-01T09:00:00Z"}])[0][1])
            ids.add(self.shop.execute("select martlet.enqueue_rows(array['notification'], array['sms'], array[%s], array['parcel'], array[%s], array['by value'], array[%s], array['2027-01-01T09:00:00Z'])",
                                      [PHONE, variables, when]).fetchone()[0][0])
        self.assertEqual(len(ids), 1)
        self.refused("MT008", "by value", lambda: enqueue(self.shop, variables={"n": 1, "l": [{"p": 2.51}]}, idempotency_key="by value"))

    def test_what_was_taken_is_taken(self):
        """A service that tries again next week gets the id that it was promised, whatever has passed or left the policy since."""
        late = self.one("select clock_timestamp() - interval '25 hours'")
        for times in ({"scheduled_at": late}, {"expires_at": late}, {"scheduled_at": late, "expires_at": late + datetime.timedelta(hours=1)}):
            key = uuid.uuid4().hex
            self.refused("MT007", "field ", lambda: enqueue(self.shop, idempotency_key=key, **times))
            self.assertEqual(self.one("select count(*) from martlet_data.idempotency_keys where key = %s", key), 0)
            first = enqueue(self.shop, idempotency_key=key)
            self.root.execute("""update martlet_data.idempotency_keys set request_hash = martlet_data.request_hash('notification', 'sms', %s, 'parcel', '{}', %s, %s,
                null, null, null, null, null, null, null) where key = %s""", [PHONE, times.get("scheduled_at"), times.get("expires_at"), key])
            self.assertEqual(enqueue(self.shop, idempotency_key=key, **times), first)
            element = {**GOOD, "idempotency_key": key, **{name: time.isoformat() for name, time in times.items()}}
            self.assertEqual(many(self.shop, [GOOD, element])[1][1], first)
            self.refused("MT008", str(first), lambda: enqueue(self.shop, idempotency_key=key, variables={"a": 1}, **times))
        self.assertEqual(self.one("select count(*) from martlet_data.ready where message_id = %s", first), 1)

    def test_what_was_taken_is_taken_when_the_policy_has_changed(self):
        key = {"idempotency_key": "before the policy", "sender": "uk"}
        ask = "select martlet.follow_up(%s, 'undelivered', 'sms', '+8613800138000', sender => 'uk')"
        for change in ("insert into martlet_data.templates (key, channel, locale, version, body, required) values ('parcel', 'sms', 'en', 2, '{{new}}', '{new}')",
                       "update martlet_data.templates set retired_at = now() where key = 'parcel'", "update martlet_data.classes set retired_at = now() where name = 'notification'",
                       "update martlet_data.senders set retired_at = now() where key = 'uk'"):
            with self.subTest(change=change), self.root.transaction(force_rollback=True):
                first = enqueue(self.root, **key)
                self.one(ask, first)
                self.root.execute(change)
                self.assertEqual(enqueue(self.root, **key), first)
                self.assertEqual(many(self.root, [{**GOOD, **key, "follow_up": {"condition": "undelivered", "channel": "sms", "recipient": PHONE, "sender": "uk"}}])[0][1], first)
                self.assertEqual(self.one(ask, first), first)
                with self.assertRaises(psycopg.Error), self.root.transaction():
                    enqueue(self.root, **{**key, "idempotency_key": "after it"})

    def test_keys_of_before_still_match(self):
        """Until 0016 the hash was over text, of the zone that the session had."""
        at = datetime.datetime(2027, 1, 1, 8, tzinfo=datetime.timezone.utc)
        for zone in ("UTC", "Asia/Tokyo"):
            id = enqueue(self.shop, variables={"n": 1}, idempotency_key=f"old {zone}", scheduled_at=at)
            self.root.execute("set timezone = 'UTC'")
            self.root.execute("""update martlet_data.idempotency_keys set request_hash = sha256(convert_to(jsonb_build_array('notification', 'sms', %s::text, 'parcel', '{"n": 1}'::jsonb,
                %s::timestamptz, null::timestamptz, null, null, null, null, null, null, null::jsonb)::text, 'UTF8')) where key = %s""", [PHONE, at, f"old {zone}"])
            self.shop.execute(f"set timezone = '{zone}'")
            self.assertEqual(enqueue(self.shop, variables={"n": 1}, idempotency_key=f"old {zone}", scheduled_at=at), id)
            self.refused("MT008", "old", lambda: enqueue(self.shop, variables={"n": 2}, idempotency_key=f"old {zone}", scheduled_at=at))
            self.refused("MT008", "old", lambda: enqueue(self.shop, variables={"n": 1}, idempotency_key=f"old {zone}", scheduled_at=at + datetime.timedelta(hours=1)))

    def test_a_follow_up_is_the_same_by_value(self):
        id = enqueue(self.shop)
        ask = "select martlet.follow_up(%s, 'undelivered', 'sms', '+8613800138000', after => %s::interval, variables => %s::jsonb)"
        for style, after, variables in (("postgres", "36 hours", '{"n": 1}'), ("iso_8601", "1 day 12 hours", '{"n": 1.0}')):
            self.shop.execute(f"set intervalstyle = {style}")
            self.assertEqual(self.one(ask, id, after, variables, by=self.shop), id)
        self.refused("MT015", "another follow-up", lambda: self.shop.execute(ask, [id, "37 hours", '{"n": 1}']))
        self.root.execute("update martlet_data.follow_ups set request_hash = sha256('before') where message_id = %s", [id])
        self.assertEqual(self.one(ask, id, "36 hours", '{"n": 1}', by=self.shop), id)
        self.refused("MT015", "another follow-up", lambda: self.shop.execute(ask, [id, "36 hours", '{"n": 2}']))


class Bulk(Contract):
    def test_many_answer_in_order(self):
        rows = many(self.shop, [{**GOOD, "idempotency_key": k, "variables": {"n": n}} for n, k in enumerate(["b", "a"])] + [GOOD])
        self.assertEqual([p for p, _ in rows], [1, 2, 3])
        self.assertEqual([self.message(i)[2].get("n") for _, i in rows], [0, 1, None])
        self.assertEqual(many(self.shop, []), [])

    def test_one_bad_element_refuses_all_and_is_named(self):
        before = self.one("select count(*) from martlet_data.messages")
        cases = [
            ("MT001", "element 2: field class", {**GOOD, "class": "nope"}), ("MT011", "element 2: unknown field adress", {**GOOD, "adress": 1}),
            ("MT011", "element 2: must be an object", "text"), ("MT007", "element 2: field scheduled_at", {**GOOD, "scheduled_at": "tomorrow or so"}),
            ("MT007", "element 2: field expires_at", {**GOOD, "expires_at": "31 February"}),
            *(("MT007", "element 2: field scheduled_at", {**GOOD, "scheduled_at": day}) for day in AMBIGUOUS), ("MT006", "element 2: field variables", {**GOOD, "variables": None}),
            ("MT003", "element 2: field recipient", {k: v for k, v in GOOD.items() if k != "recipient"}),
        ]
        for code, text, element in cases:
            with self.subTest(text):
                self.refused(code, text, lambda: many(self.shop, [GOOD, element, GOOD]))
        self.assertEqual(self.one("select count(*) from martlet_data.messages"), before)

    def test_a_used_key_still_tells_both_requests(self):
        key = uuid.uuid4().hex
        enqueue(self.shop, idempotency_key=key)
        d = self.refused("MT008", "element 1: field idempotency_key", lambda: many(self.shop, [{**GOOD, "tier": "vip", "idempotency_key": key}]))
        self.assertIn("request before", d.message_detail or "")

    def test_what_is_no_list_or_too_long(self):
        self.refused("MT011", "field messages", lambda: many(self.shop, {"a": 1}))
        self.refused("MT011", "field messages", lambda: self.shop.execute("select * from martlet.enqueue_many(null)"))
        self.refused("MT011", "10001 elements", lambda: many(self.shop, [GOOD] * 10001))

    def rows(self, elements, c=None):
        names = sorted({name for e in elements for name in e} | {"class", "channel", "recipient", "template"})
        arguments = ", ".join(f"{n} => %s::text[]" for n in names)
        text = lambda v: json.dumps(v) if isinstance(v, dict) else v
        return (c or self.shop).execute(f"select martlet.enqueue_rows({arguments})", [[text(e.get(n)) for e in elements] for n in names]).fetchone()[0]

    def stored(self, id):
        return self.root.execute("""select class_id, channel_id, recipient_key, address, template, locale, sender, time_zone, tier, group_key, variables::jsonb, headers,
                traceparent, producer, expires_at - created_at, (select array[count(*), min((reason = 'scheduled')::int)] from martlet_data.due d where d.message_id = m.id),
                (select array[count(*), min(slot)] from martlet_data.ready r where r.message_id = m.id)
            from martlet_data.messages m where id = %s""", [id]).fetchone()

    def test_rows_store_what_enqueue_stores(self):
        later = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).isoformat()
        elements = [
            GOOD, {**GOOD, "variables": {"a": [1, "€"]}, "locale": "en-GB", "tier": "vip", "group_key": "g", "recipient_key": "李"}, {**GOOD, "recipient": "138 0013 8000"},
            {**GOOD, "scheduled_at": later}, {**GOOD, "time_zone": "Asia/Shanghai", "traceparent": "00-1"}, {**GOOD, "headers": {"X-A": "b"}},
            {**GOOD, "variables": {"long": "x" * 20000}}, {**GOOD, "variables": {"escaped": "\u4e2d\u0001"}}, {**GOOD, "recipient_key": 'a "quoted" one'},
        ]
        ids = self.rows(elements)
        self.assertEqual(len(set(ids)), len(elements))
        self.assertEqual([r for (r,) in self.root.execute("select message_id from martlet_data.ready where message_id = any (%s) order by seq", [[i for n, i in enumerate(ids) if n in (0, 1, 4)]])], [ids[n] for n in (0, 1, 4)])
        for element, id in zip(elements, ids):
            with self.subTest(element):
                alone = enqueue(self.shop, **{k: (json.dumps(v) if isinstance(v, dict) else v) for k, v in element.items()})
                mine, single = self.stored(id), self.stored(alone)
                if "scheduled_at" in element:  # its time to live begins then, whenever it was enqueued
                    mine, single = mine[:14] + mine[15:], single[:14] + single[15:]
                self.assertEqual(mine, single)

    def test_every_argument_arrives_whatever_the_way(self):
        soon = datetime.datetime.now(datetime.timezone.utc)
        request = {**GOOD, "variables": {"a": 1}, "scheduled_at": (soon + datetime.timedelta(hours=1)).isoformat(), "expires_at": (soon + datetime.timedelta(hours=2)).isoformat(),
            "recipient_key": "key", "locale": "en-GB", "time_zone": "Europe/Berlin", "tier": "vip", "group_key": "group", "sender": "uk", "headers": {"X-A": "b"}, "traceparent": "00-1"}
        text = {k: json.dumps(v) if isinstance(v, dict) else v for k, v in request.items()}
        names = [n for (n,) in self.root.execute("select attname from pg_attribute where attrelid = 'martlet.bulk_enqueue'::regclass and attnum > 0 order by attnum")]
        self.assertEqual(set(names), {*request, "idempotency_key", "check_template"})
        names.remove("check_template")  # no part of the message
        keys = {way: uuid.uuid4().hex for way in ("one", "rows", "many", "copy")}
        enqueue(self.shop, **text, idempotency_key=keys["one"])
        self.rows([{**request, "idempotency_key": keys["rows"]}])
        many(self.shop, [{**request, "idempotency_key": keys["many"]}])
        with self.shop.cursor().copy(f"copy martlet.bulk_enqueue ({', '.join(names)}) from stdin") as copy:
            copy.write_row([{**text, "idempotency_key": keys["copy"]}[n] for n in names])
        stored = {way: self.root.execute("""select class_id, channel_id, address, variables::jsonb, scheduled_at::text, expires_at::text, recipient_key, locale, time_zone, tier, group_key,
                sender, headers, traceparent, m.producer from martlet_data.messages m join martlet_data.idempotency_keys k on k.message_id = m.id where k.key = %s""", [key]).fetchone()
            for way, key in keys.items()}
        self.assertEqual(stored["one"][6:14], ("key", "en-GB", "Europe/Berlin", "vip", "group", "uk", {"X-A": "b"}, "00-1"))
        for way in keys:
            with self.subTest(way):
                self.assertEqual(stored[way], stored["one"])

    def test_one_bad_row_refuses_all_and_is_named(self):
        before = self.one("select count(*) from martlet_data.messages")
        cases = [
            ("MT001", "element 2: field class", {**GOOD, "class": "nope"}), ("MT003", "element 2: field recipient", {**GOOD, "recipient": "+123"}),
            ("MT003", "element 2: field recipient", {**GOOD, "recipient": "+0123456789"}), ("MT003", "element 2: field recipient", {**GOOD, "recipient": None}),
            ("MT004", "element 2: field template", {**GOOD, "template": "nope"}), ("MT005", "element 2: field time_zone", {**GOOD, "time_zone": "Mars"}),
            ("MT006", "element 2: field variables", {**GOOD, "variables": "{broken"}), ("MT006", "element 2: field variables", {**GOOD, "variables": "[1]"}),
            ("MT006", "element 2: field variables", {**GOOD, "variables": '{"nul": "\\u0000"}'}), ("MT007", "element 2: field scheduled_at", {**GOOD, "scheduled_at": "soon"}),
            ("MT007", "element 2: field expires_at", {**GOOD, "expires_at": "2001-01-01"}), ("MT009", "element 2: field sender", {**GOOD, "sender": "nobody"}),
            ("MT010", "element 2: field group_key", {**GOOD, "group_key": "a\nb"}), ("MT010", "element 2: field tier", {**GOOD, "tier": ""}),
            ("MT010", "element 2: field locale", {**GOOD, "locale": "x" * 36}), ("MT010", "element 2: field headers", {**GOOD, "headers": "[]"}),
            *(("MT007", "element 2: field expires_at", {**GOOD, "expires_at": day}) for day in AMBIGUOUS),
        ]
        for code, text, element in cases:
            with self.subTest(text, element=element):
                self.refused(code, text, lambda: self.rows([GOOD, element, GOOD]))
        self.assertEqual(self.one("select count(*) from martlet_data.messages"), before)

    def test_rows_with_used_keys_answer_the_first_ids(self):
        a, b = uuid.uuid4().hex, uuid.uuid4().hex
        first = enqueue(self.shop, idempotency_key=a)
        ids = self.rows([{**GOOD, "idempotency_key": k} for k in [b, a, b, None]])
        self.assertEqual((ids[1], ids[2]), (first, ids[0]))
        self.assertEqual(self.one("select count(*) from martlet_data.messages where id = any (%s)", ids), 3)
        self.assertEqual(self.rows([{**GOOD, "idempotency_key": b}]), [ids[0]])
        self.refused("MT008", "element 1: field idempotency_key", lambda: self.rows([{**GOOD, "tier": "vip", "idempotency_key": b}]))

    def test_rows_of_other_lengths_or_too_many(self):
        self.assertEqual(self.rows([]), [])
        self.refused("MT011", "the arrays differ in length", lambda: self.shop.execute("select martlet.enqueue_rows(array['a'], array['b', 'c'], array['d'], array['e'])"))
        self.refused("MT011", "10001 elements", lambda: self.rows([GOOD] * 10001))

    def copy(self, c, rows):
        with c.cursor().copy("copy martlet.bulk_enqueue (class, channel, recipient, template, variables, idempotency_key) from stdin") as copy:
            for row in rows:
                copy.write_row(row)

    def test_copy_goes_through_enqueue(self):
        key = uuid.uuid4().hex
        self.copy(self.shop, [("notification", "sms", "138 0013 8000", "parcel", '{"a": 1}', key), ("notification", "sms", PHONE, "parcel", None, None)])
        id = self.one("select message_id from martlet_data.idempotency_keys where key = %s", key)
        self.assertEqual(self.message(id)[1:4], (PHONE, {"a": 1}, f"shop_{TAG}"))
        self.copy(self.shop, [("notification", "sms", "138 0013 8000", "parcel", '{"a": 1}', key)])
        self.assertEqual(self.one("select count(*) from martlet_data.messages where variables::jsonb = '{\"a\": 1}' and id >= %s", id), 1)

    def test_copy_names_the_line(self):
        d = self.refused("MT001", "field class", lambda: self.copy(self.shop, [("notification", "sms", PHONE, "parcel", None, None), ("x", "sms", PHONE, "parcel", None, None)]))
        self.assertIn("line 2", d.context)

    def test_producers_cannot_read_back(self):
        self.assertEqual(self.shop.execute("select * from martlet.bulk_enqueue").fetchall(), [])
        for relation in ["martlet_data.messages", "martlet.message_status", "martlet.receipts", "martlet_data.idempotency_keys", "martlet.suppressions"]:
            with self.subTest(relation), self.assertRaises(psycopg.errors.InsufficientPrivilege):
                self.shop.execute(f"select * from {relation}")


class Recipients(Contract):
    def test_suppress_once_and_lift(self):
        first = self.one("select martlet.suppress('sms', '139 0000 0002')", by=self.shop)
        self.assertEqual(self.one("select martlet.suppress('sms', '+8613900000002')", by=self.shop), first)
        self.assertEqual(self.one("select address, scope, reason, created_by from martlet_data.suppressions where id = %s", first), ("+8613900000002", "marketing", "opt_out", f"shop_{TAG}"))
        with self.assertRaises(psycopg.errors.InsufficientPrivilege):
            self.shop.execute("select martlet.unsuppress('sms', '+8613900000002', 'no')")
        self.assertEqual(self.one("select martlet.unsuppress('sms', '+8613900000002', 'asked again')", by=self.ann), 1)
        self.assertEqual(self.one("select martlet.unsuppress('sms', '+8613900000002', 'asked again')", by=self.ann), 0)
        self.assertNotEqual(self.one("select martlet.suppress('sms', '+8613900000002')", by=self.shop), first)
        self.assertEqual(self.one("select why, object from martlet.audit where action = 'unsuppress' and object = '+86139****0002' order by id limit 1", by=self.ann), ("asked again", "+86139****0002"))

    def test_refusals(self):
        for code, field, sql in [
            ("MT002", "field channel", "martlet.suppress('fax', '1')"), ("MT003", "field recipient", "martlet.suppress('sms', 'x')"), ("MT003", "field recipient", "martlet.suppress('sms', null)"),
            ("MT001", "field scope", f"martlet.suppress('sms', '{PHONE}', 'everything')"), ("MT001", "field scope", f"martlet.suppress('sms', '{PHONE}', null)"), ("MT010", "field reason", f"martlet.suppress('sms', '{PHONE}', 'all', '')"),
            ("MT002", "field channel", "martlet.record_consent('k', 'fax', 'marketing', 'granted', 'web')"),
            ("MT001", "field purpose", "martlet.record_consent('k', 'sms', 'sales', 'granted', 'web')"), ("MT010", "field status", "martlet.record_consent('k', 'sms', 'marketing', 'yes', 'web')"),
            ("MT010", "field method", "martlet.record_consent('k', 'sms', 'marketing', 'granted', null)"), ("MT010", "field recipient_key", "martlet.record_consent(null, 'sms', 'marketing', 'granted', 'web')"),
            ("MT010", "field wording", "martlet.record_consent('k', 'sms', 'marketing', 'granted', 'web', repeat('x', 4001))"),
        ]:
            with self.subTest(sql):
                self.refused(code, field, lambda: self.shop.execute(f"select {sql}"))

    def test_one_person_in_several_spellings_is_one(self):
        for channel, written, other in [
            ("email", "ann.lee@example.org", "Ann.Lee@Example.ORG"), ("email", "ann@xn--fiq.example", "ANN@\u4e2d.example"),
            ("sms", "+5215512345678", "+525512345678"), ("sms", "+5491123456789", "+541123456789"), ("sms", "+553188887777", "+5531988887777"),
            ("sms", "+22997123456", "+2290197123456"), ("push", "+8613900000009", "whatsapp:+8613900000009"), ("push", "8613900000009", "+8613900000009"),
        ]:
            with self.subTest(other):
                self.one("select martlet.suppress(%s, %s)", channel, written, by=self.shop)
                keys = self.root.execute("select martlet_data.address_key(%s), martlet_data.address_key(%s)", [written, other]).fetchone()
                self.assertEqual(*keys)
                self.assertEqual(self.one("select count(*) from martlet_data.suppressions where address_key = %s and channel = %s and lifted_at is null", keys[1], channel), 1)
                self.assertEqual(self.one("select martlet.unsuppress(%s, %s, 'asked again')", channel, other, by=self.ann), 1)

    def test_different_people_stay_different(self):
        for one, other in [("ann+a@b.org", "ann@b.org"), ("a.nn@gmail.com", "ann@gmail.com"), ("ann@xn--a-.org", "ann@a.org"), ("+8613900000001", "+8613900000002"), ("+551133334444", "+5511933334444")]:
            self.assertNotEqual(*self.root.execute("select martlet_data.address_key(%s), martlet_data.address_key(%s)", [one, other]).fetchone())
        self.assertEqual(self.one("select martlet_data.person_key('4711000123')"), "4711000123")

    def test_punycode_is_read_as_python_reads_it(self):
        for host in ["m\u00fcnchen", "\u4f8b\u3048", "b\u00fccher-stra\u00dfe", "\u0440\u0444", "\u00e9t\u00e9-\u4e2d\u6587", "\U00020000x"]:
            self.assertEqual(self.one("select martlet_data.unicode_label(%s)", "xn--" + host.encode("punycode").decode()), host)
        for text in ["xn--", "xn--\u4e2d", "xn--99999999999", "xn--a-", "plain", "xn--" + "a" * 60]:
            self.assertEqual(self.one("select martlet_data.unicode_label(%s)", text), text)

    def test_consents_are_appended(self):
        key = uuid.uuid4().hex
        for status in ["pending", "granted", "withdrawn"]:
            self.one("select martlet.record_consent(%s, 'sms', 'marketing', %s, 'web', 'Yes, please')", key, status, by=self.shop)
        rows = self.root.execute("select status, recorded_by from martlet_data.consents where recipient_key = %s order by id", [key]).fetchall()
        self.assertEqual(rows, [(s, f"shop_{TAG}") for s in ["pending", "granted", "withdrawn"]])

    def held(self, connection):
        """Keys that its transaction holds from Admit, and whether it holds a bucket."""
        locks = self.root.execute("select classid::int8, objid::int8 from pg_locks where pid = %s and locktype = 'advisory' and mode = 'ExclusiveLock' and granted and objsubid = 2", [connection.info.backend_pid]).fetchall()
        return [key for place, key in locks if place != 7340002], any(place == 7340002 for place, _ in locks)

    def test_an_open_opt_out_holds_what_it_concerns_and_no_bucket(self):
        id = enqueue(self.shop)
        for name, sql, key in [
            ("suppress", "select martlet.suppress('sms', '+8613900000003')", "hashtext('+8613900000003')"), ("consent", "select martlet.record_consent('kk', 'sms', 'marketing', 'withdrawn', 'web')", "hashtext('kk')"),
            ("cancel", f"select martlet.cancel({id}::bigint)", f"hashint8({id})"), ("group", "select martlet.cancel('gg')", "hashtext('gg')"),
        ]:
            with self.subTest(name):
                c = self.enter(connect("shop"))
                c.execute(sql)
                self.assertEqual(self.held(c), ([self.one(f"select {key}::int8 & 4294967295")], False))
                c.rollback()
                self.assertEqual(self.held(c), ([], False))

    def test_an_opt_out_waits_for_the_admit_under_way(self):
        worker = self.enter(connect())
        worker.execute("select pg_advisory_xact_lock_shared(7340002, martlet_data.bucket('+8613900000004'::text))")
        c = self.enter(connect("shop"))
        c.execute("set local lock_timeout = '100ms'")
        with self.assertRaises(psycopg.errors.LockNotAvailable):
            c.execute("select martlet.suppress('sms', '+8613900000004')")


class Cancel(Contract):
    def cancel(self, id, by=None):
        return self.one("select martlet.cancel(%s::bigint)", id, by=by or self.shop)

    def attempt(self, id, outcome=None):
        self.root.execute("insert into martlet_data.attempts (message_id, attempt, provider, session, admitted_at, send_by, template_version, segments) values (%s, 1, 'p', 1, now(), now(), 1, 1)", [id])
        if outcome:
            self.root.execute("insert into martlet_data.receipts (message_id, kind, attempt) values (%s, %s, 1)", [id, outcome])

    def test_before_it_is_admitted(self):
        id = enqueue(self.shop)
        self.assertEqual([self.cancel(id), self.cancel(id)], ["cancelled"] * 2)
        self.assertEqual(self.one("select cancelled_by from martlet_data.cancellations where message_id = %s", id), f"shop_{TAG}")

    def test_after_it_is_admitted(self):
        for outcome, answer in [(None, "too_late"), ("accepted", "too_late"), ("unknown", "too_late"), ("deferred", "cancelled"), ("rejected", "cancelled")]:
            with self.subTest(outcome):
                id = enqueue(self.shop)
                self.attempt(id, outcome)
                self.assertEqual(self.cancel(id), answer)

    def test_after_its_end(self):
        for kind in ["delivered", "suppressed", "capped", "expired", "cancelled", "discarded"]:
            id = enqueue(self.shop)
            self.root.execute("insert into martlet_data.receipts (message_id, kind) values (%s, %s)", [id, kind])
            self.assertEqual(self.cancel(id), "already_final")
        self.assertEqual(self.cancel(self.dead()), "already_final")

    def test_a_requeued_message_can_be_cancelled(self):
        id = self.dead()
        self.attempt(id, "rejected")
        self.one("select martlet.requeue(%s, 'again')", id, by=self.ann)
        self.assertEqual(self.cancel(id), "cancelled")
        other = enqueue(self.shop)
        self.root.execute("insert into martlet_data.receipts (message_id, kind) values (%s, 'expired')", [other])
        self.assertEqual(self.cancel(other), "already_final")

    def test_only_by_its_producer_or_an_admin(self):
        crm = self.enter(connect("crm", autocommit=True))
        id = enqueue(self.shop)
        self.refused("MT012", f"message {id}", lambda: self.cancel(id, by=crm))
        self.refused("MT012", "message 1", lambda: self.cancel(1))
        self.assertEqual(self.cancel(id, by=self.ann), "cancelled")

    def test_groups(self):
        key = uuid.uuid4().hex
        for by in [self.shop, self.ann, self.shop]:
            self.assertEqual(self.one("select martlet.cancel(%s::text)", key, by=by), "cancelled")
        self.assertEqual([r[0] for r in self.root.execute("select producer from martlet_data.group_cancellations where group_key = %s order by 1", [key])], ["*", f"shop_{TAG}"])
        self.refused("MT010", "field group_key", lambda: self.one("select martlet.cancel(''::text)", by=self.shop))

    def test_what_was_cancelled_is_shown_so_at_once(self):
        later = self.one("select clock_timestamp() + interval '20 hours'")
        one, group, other = (enqueue(self.shop, scheduled_at=later, group_key=g) for g in ("one", "cancelled group", "other"))
        ready = enqueue(self.shop, group_key="cancelled group")
        self.one("select martlet.cancel(%s::bigint)", one, by=self.shop)
        self.one("select martlet.cancel('cancelled group'::text)", by=self.shop)
        after = enqueue(self.shop, group_key="cancelled group")
        status = lambda id: self.one("select state, reason, until is null, ended_at is not null from martlet.message_status where message_id = %s", id)
        for id in (one, group, ready):
            self.assertEqual(status(id), ("cancelled", None, True, True))
        self.assertEqual(status(other)[0], "due")
        self.assertEqual(status(after)[0], "ready")


class DeadLetters(Contract):
    def requeue(self, id, by=None, **options):
        extra = "".join(f", {k} => %({k})s" for k in options)
        values = {k: Jsonb(v) if isinstance(v, (dict, list)) else v for k, v in options.items()}
        return (by or self.ann).execute(f"select martlet.requeue(%(id)s, 'fixed'{extra})", {"id": id, **values}).fetchone()[0]

    def test_requeue_starts_a_new_life(self):
        id = self.dead()
        expires = self.requeue(id, variables={"a": 2}, provider="other")
        self.assertGreater(expires, self.one("select clock_timestamp() + interval '23 hours 59 minutes'"))
        self.assertEqual(self.one("select attempt, burned, series from martlet_data.ready where message_id = %s", id), (3, 0, 1))
        self.assertEqual(self.one("select series, variables, provider, requeued_by, why from martlet_data.requeues where message_id = %s", id), (1, {"a": 2}, "other", f"ann_{TAG}", "fixed"))
        self.assertEqual(self.one("select state, reason from martlet.message_status where message_id = %s", id, by=self.ann), ("ready", None))
        self.assertEqual(self.one("select actor, action, why from martlet.audit where object = %s", str(id), by=self.ann), (f"ann_{TAG}", "requeue", "fixed"))
        self.refused("MT012", f"message {id}", lambda: self.requeue(id))

    def test_doubt_needs_a_word(self):
        id = self.dead("in_doubt")
        self.refused("MT013", "in doubt", lambda: self.requeue(id))
        self.requeue(id, may_duplicate=True)

    def test_refusals(self):
        self.refused("MT012", "message 1", lambda: self.requeue(1))
        self.refused("MT006", "field variables", lambda: self.requeue(self.dead(), variables=[1]))
        self.refused("MT013", "erased", lambda: self.requeue(self.dead(**{"class": "otp"})))
        self.requeue(self.dead(**{"class": "otp"}), variables={"code": "1"})
        self.refused("MT010", "field why", lambda: self.one("select martlet.requeue(%s, '')", self.dead(), by=self.ann))
        id = self.dead()
        self.root.execute("update martlet_data.dead_letters set class = 'gone' where message_id = %s", [id])
        self.refused("MT013", "class gone", lambda: self.requeue(id))
        for who in ["shop", "wrk", "bob"]:
            with self.assertRaises(psycopg.errors.InsufficientPrivilege):
                self.requeue(self.dead(), by=self.enter(connect(who, autocommit=True)))

    def test_the_body_comes_back_from_the_dead_letter(self):
        id = self.dead(variables={"a": 1})
        before = self.message(id)
        self.root.execute("delete from martlet_data.messages where id = %s", [id])
        self.requeue(id)
        self.assertEqual(self.message(id), before)

    def test_a_message_without_any_body_cannot_be_requeued(self):
        id = self.dead(body=False)
        self.root.execute("delete from martlet_data.messages where id = %s", [id])
        self.refused("MT013", f"message {id}", lambda: self.requeue(id))

    def test_discard(self):
        id = self.dead()
        self.one("select martlet.discard(%s, 'not worth it')", id, by=self.ann)
        self.assertEqual(self.one("select state, reason from martlet.message_status where message_id = %s", id, by=self.ann), ("discarded", "rejected"))
        self.refused("MT012", f"message {id}", lambda: self.one("select martlet.discard(%s, 'again')", id, by=self.ann))
        self.refused("MT010", "field why", lambda: self.one("select martlet.discard(%s, null)", self.dead(), by=self.ann))

    def test_two_admins_requeue_once(self):
        id, answers, gate = self.dead(), [], threading.Barrier(2)

        def work():
            with connect("ann", autocommit=True) as c:
                gate.wait(30)
                try:
                    answers.append(self.requeue(id, by=c) and "requeued")
                except psycopg.Error as error:
                    answers.append(error.diag.sqlstate)

        threads = [threading.Thread(target=work) for _ in range(2)]
        [t.start() for t in threads]
        [t.join(60) for t in threads]
        self.assertEqual(sorted(answers), ["MT012", "requeued"])
        self.assertEqual(self.one("select count(*) from martlet_data.ready where message_id = %s", id), 1)


class Admins(Contract):
    def test_lanes(self):
        self.one("select martlet.pause_lane(3, 'provider down')", by=self.ann)
        self.assertEqual(self.one("select paused_by, pause_reason from martlet.lanes where lane = 3", by=self.ann), (f"ann_{TAG}", "provider down"))
        self.one("select martlet.resume_lane(3, 'up again')", by=self.ann)
        self.assertIsNone(self.one("select paused_at from martlet.lanes where lane = 3", by=self.ann))
        for lane in [8, -1, 99, None]:
            self.refused("MT010", "field lane", lambda: self.one("select martlet.pause_lane(%s::int, 'x')", lane, by=self.ann))
        self.refused("MT010", "field why", lambda: self.one("select martlet.resume_lane(3, null)", by=self.ann))

    def test_imports(self):
        name = uuid.uuid4().hex
        call = lambda sql, *args: self.one(f"select martlet.{sql}", *args, by=self.shop)
        self.assertEqual(call("import_begin(%s, 'd')", name), 0)
        call("import_advance(%s, 0, 500, 499)", name)
        self.assertEqual(call("import_begin(%s, 'd')", name), 500)
        self.refused("MT014", "past line 0", lambda: call("import_advance(%s, 0, 500, 499)", name))
        self.refused("MT014", "import", lambda: call("import_begin(%s, 'other')", name))
        call("import_advance(%s, 500, 600, 100, true)", name)
        self.assertEqual(self.one("select lines_done, enqueued, finished_at is not null from martlet_data.imports where name = %s", name), (600, 599, True))

    def test_addresses_are_masked_for_all_but_admins(self):
        key = uuid.uuid4().hex
        id = enqueue(self.shop, recipient_key=key)
        bob = self.enter(connect("bob", autocommit=True))
        sql = "select recipient_key, address, state from martlet.message_status where message_id = %s"
        self.assertEqual(self.one(sql, id, by=self.ann), (key, PHONE, "ready"))
        self.assertEqual(self.one(sql, id, by=bob), (key[:2] + "****", "+86138****8000", "ready"))

    def test_a_mask_hides_something_of_every_address(self):
        for address in ["+1234567", "+12345678", "+123456789012345", PHONE, "a@b.org", "@b.org", "ann@b.org", "u1", "u", "user-4711"]:
            masked = self.one("select martlet_data.mask(%s)", address)
            shown = masked.replace("*", "")
            hidden = len(address) - len(shown)
            with self.subTest(f"{address} {masked}"):
                self.assertGreaterEqual(hidden, 4 if address.startswith("+") else address[0] != "@")


if __name__ == "__main__":
    unittest.main(verbosity=2)
