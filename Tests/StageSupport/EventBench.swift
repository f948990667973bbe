// A release build cannot see what tests see.
#if DEBUG
    import Callbacks
    import Domain
    import Logging
    import PipelineSupport
    import Postgres
    import ProviderEvents
    import Store
    import Telemetry
    import TestSupport
    import Transports

    @testable import Pipeline
    @testable import Worker

    /// A shop whose carrier's events a test makes up, and a recorder or two that keep them.
    package struct EventBench {
        package let shop: Shop
        package let bench: Bench
        package let recorder: EventRecorder

        package init(_ shop: Shop) async throws {
            self.shop = shop
            bench = try await Bench(shop)
            recorder = EventRecorder(
                shared: bench.events, database: shop.store, meters: Meters(),
                logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() })
        }

        package static func with(
            _ policy: ShopPolicy = ShopPolicy(), isolation: isolated (any Actor)? = #isolation,
            _ body: (EventBench) async throws -> Void
        ) async throws {
            try await Shop.with(policy) { try await body(try await EventBench($0)) }
        }

        /// Messages to these phones that the sandbox accepted.
        package func accepted(_ phones: [String], class name: String = "transactional", channel: String = "sms") async throws
            -> [MessageID]
        {
            var ids: [MessageID] = []
            for phone in phones { ids.append(MessageID(try await shop.enqueue(name, to: phone, channel: channel))) }
            try await send(lane: Int16(ShopPolicy.classes.firstIndex(of: name) ?? 1))
            return ids
        }

        /// Hands over what is ready, and writes the answers down.
        package func send(lane: Int16) async throws {
            try await bench.refresh()
            bench.claim.resetScanPositions()
            while try await bench.step(lane: lane) {}
            try await eventually(within: .seconds(20), "every answer is written down") {
                try await bench.recordAll()
                return try await shop.number("select count(*) from martlet_data.leased") == 0
            }
        }

        /// Writes down what Record writes for a provider whose receipts name ids: one id for each part.
        package func give(
            _ message: MessageID, _ ids: [String], to phone: String, parts: Int? = nil, provider: String = "carrier"
        ) async throws {
            var statement = InsertCarrierIDs()
            for (index, id) in ids.enumerated() {
                statement.add(
                    id, folded: CarrierID.folded(id), provider: provider, recipient: phone, messageID: message, attempt: 1,
                    part: Int16(index + 1), parts: Int16(parts ?? ids.count))
            }
            try await shop.store.run(statement)
        }

        package static func receipt(
            _ id: String?, _ state: CarrierReceipt.State = .delivered, from phone: String = "", error: String? = nil,
            intermediate: Bool = false
        ) -> ProviderEvent {
            .receipt(
                CarrierReceipt(
                    provider: "carrier", id: id, state: state, isFinal: state.isFinal && !intermediate,
                    isIntermediate: intermediate,
                    error: error, recipient: phone, text: "id:\(id ?? "") text:Your code is 1234"))
        }

        package func state(_ id: MessageID) async throws -> String {
            try await shop.texts(
                "select state || coalesce(' ' || reason, '') from martlet.message_status where message_id = \(id)"
            )
            .joined()
        }

        /// Kinds of what the provider said later, each as often as it is there, sorted.
        package func kinds(_ id: MessageID) async throws -> [String] {
            try await shop.texts(
                """
                select kind || case when part > 0 then ' ' || part else '' end from martlet_data.receipts
                where message_id = \(id) and part is not null order by kind collate "C", part
                """)
        }

        package func parked() async throws -> [String] {
            try await shop.texts(
                "select reason || case when next_try is null then '' else ' waiting' end from martlet_data.provider_events order by id"
            )
        }

        /// The duty's round, as if the time of every parked event had come.
        package func retry() async throws {
            try await shop.script(
                "update martlet_data.provider_events set next_try = clock_timestamp() where next_try is not null")
            let work = RetryEvents(recorder: recorder)
            _ = try await shop.store.transaction { try await work.round(on: $0) }
        }
    }
#endif
