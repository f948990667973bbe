import Store
import Testing

@testable import Pipeline

/// A database as far as transaction numbers, positions and visibility go.
private struct Database {
    struct Transaction {
        var number: Int64
        var positions: [Int64] = []
    }
    var next: Int64 = 100
    /// 0 before the first position, which is 1.
    var sequence: Int64 { taken }
    var taken: Int64 = 0
    var open: [Transaction] = []
    /// One above the last that has ended.
    var limit: Int64 = 100
    /// Committed and not claimed.
    var ready: Set<Int64> = []

    mutating func begin() {
        open.append(Transaction(number: next))
        next += 1
    }
    mutating func take(_ index: Int) {
        taken += 1
        open[index].positions.append(taken)
    }
    mutating func commit(_ index: Int) {
        let transaction = open.remove(at: index)
        limit = max(limit, transaction.number + 1)
        ready.formUnion(transaction.positions)
    }
    /// The snapshot comes first, the sequence and the next number are read after it, while others go on.
    func snapshot() -> (open: [Int64], limit: Int64) { (open.map(\.number).filter { $0 < limit }.sorted(), limit) }
}

@Suite("What commits late behind a hint is found, and nothing is looked at for nothing")
struct ScanPositionTests {
    @Test("whatever ends when, every message is claimed once all transactions are over", arguments: 0..<200)
    func complete(seed: UInt64) {
        var random = Random(seed: seed)
        var database = Database()
        var positions = ScanPositions()
        var claimed: Set<Int64> = []
        /// A claim under way: what it sees is what was ready when it began.
        var claims: [(from: Int64, sees: Set<Int64>)] = []
        var looks: [(look: ScanPositions.Look, sees: Set<Int64>)] = []
        let limit = 3
        var lastCount = 0
        func finish(_ sees: Set<Int64>, _ from: Int64, _ below: Int64) -> Int64? {
            let found = sees.filter { $0 >= from && $0 < below && database.ready.contains($0) }.sorted().prefix(limit)
            lastCount = found.count
            if let first = found.first, let last = found.last { positions.took(found.count, from: first, to: last) }
            database.ready.subtract(found)
            claimed.formUnion(found)
            return found.last
        }
        func step(_ choice: Int) {
            switch choice {
            case 0: database.begin()
            case 1...3: if let index = database.open.indices.randomElement(using: &random) { database.take(index) }
            case 4, 5: if let index = database.open.indices.randomElement(using: &random) { database.commit(index) }
            case 6, 7:
                let (open, limit) = database.snapshot()
                if Bool.random(using: &random) { step(Int.random(in: 0...5, using: &random)) }
                let sequence = database.sequence
                if Bool.random(using: &random) { step(Int.random(in: 0...5, using: &random)) }
                _ = positions.update(
                    QueueProbe.Answer(sequence: sequence, open: open, limit: limit, nextTransaction: database.next))
            case 8, 9: claims.append((positions.begin(1, limit: limit), database.ready))
            case 10, 11:
                guard !claims.isEmpty else { return }
                let claim = claims.removeFirst()
                let last = finish(claim.sees, claim.from, .max)
                positions.ended(1, last, isFull: lastCount == limit)
            case 12: if let look = positions.look(1) { looks.append((look, database.ready)) }
            default:
                guard !looks.isEmpty else { return }
                let (look, sees) = looks.removeFirst()
                if let last = finish(sees, look.from, look.below) {
                    positions.found(look, last)
                } else {
                    positions.finished(look)
                }
            }
        }
        for _ in 0..<2000 { step(Int.random(in: 0...13, using: &random)) }
        while !database.open.isEmpty { database.commit(0) }
        while !claims.isEmpty { step(10) }
        while !looks.isEmpty { step(13) }
        // Two probes: the second sees no transaction that began before the first. Then all claims and looks there are to make.
        for _ in 0..<2 {
            let (open, limit) = database.snapshot()
            _ = positions.update(
                QueueProbe.Answer(sequence: database.sequence, open: open, limit: limit, nextTransaction: database.next))
        }
        while let last = finish(database.ready, positions.begin(1, limit: limit), .max) {
            positions.ended(1, last, isFull: lastCount == limit)
        }
        while let look = positions.look(1) {
            if let last = finish(database.ready, look.from, look.below) {
                positions.found(look, last)
            } else {
                positions.finished(look)
            }
        }
        #expect(database.ready.isEmpty, "left behind")
        #expect(Int64(claimed.count) == database.taken)
    }

    @Test(
        "looks at nothing but what pulses call new find everything; pulses of which nothing has come call nothing new",
        arguments: 0..<200)
    func evidence(seed: UInt64) {
        var random = Random(seed: seed)
        var database = Database()
        var positions = ScanPositions()
        /// Takes some or all of what is there, and says so, or another worker does, which says nothing.
        func claim() {
            let isOurs = Int.random(in: 0...3, using: &random) > 0
            for position in database.ready.shuffled(using: &random) where Int.random(in: 0...3, using: &random) > 0 {
                database.ready.remove(position)
                if isOurs { positions.took(1, from: position, to: position) }
            }
        }
        func probe(_ others: Bool) -> Bool {
            let (open, limit) = database.snapshot()
            if others, Bool.random(using: &random) { step() }
            let sequence = database.sequence
            if others, Bool.random(using: &random) { step() }
            let isNew = positions.update(
                QueueProbe.Answer(sequence: sequence, open: open, limit: limit, nextTransaction: database.next))
            if isNew {
                for position in database.ready.sorted() { positions.took(1, from: position, to: position) }
                database.ready = []
            }
            return isNew
        }
        func step() {
            switch Int.random(in: 0...5, using: &random) {
            case 0: database.begin()
            case 1, 2: if let index = database.open.indices.randomElement(using: &random) { database.take(index) }
            default: if let index = database.open.indices.randomElement(using: &random) { database.commit(index) }
            }
        }
        for _ in 0..<1000 {
            switch Int.random(in: 0...4, using: &random) {
            case 0, 1: step()
            case 2: claim()
            default: _ = probe(true)
            }
        }
        while !database.open.isEmpty { database.commit(0) }
        _ = probe(false)
        #expect(database.ready.isEmpty, "left behind")
        _ = probe(false)
        // Somebody else's transactions, which take no position.
        for _ in 0..<10 {
            database.begin()
            #expect(!probe(false))
            database.commit(0)
            #expect(!probe(false))
        }
    }

    @Test("a worker that has taken all there is does not look again because its own transactions end; a gap makes it look")
    func ownTransactions() {
        var positions = ScanPositions()
        func isNew(_ sequence: Int64, open: [Int64] = [], next: Int64) -> Bool {
            positions.update(
                QueueProbe.Answer(sequence: sequence, open: open, limit: open.min() ?? next, nextTransaction: next))
        }
        #expect(isNew(7, next: 10), "nothing is known")
        #expect(!isNew(7, next: 10))
        // Number 10 enqueues two messages; 11 claims them, 12 admits, 13 records.
        _ = positions.begin(1, limit: 10)
        positions.took(2, from: 8, to: 9)
        positions.ended(1, 9, isFull: false)
        #expect(!isNew(9, open: [12], next: 13))
        #expect(!isNew(9, open: [13], next: 14))
        #expect(!isNew(9, next: 14))
        #expect(isNew(10, open: [14], next: 15), "this worker has not taken position 10")
        #expect(isNew(10, next: 15), "14 may have put something there")
        positions.took(2, from: 11, to: 13)
        #expect(isNew(13, next: 16), "of three positions two were taken")
        positions.took(1, from: 12, to: 12)
        #expect(isNew(13, open: [16], next: 17) == false, "nothing has come since")
    }

    @Test("a transaction that stays open for ever makes no look longer")
    func idle() {
        var positions = ScanPositions()
        func probe(_ sequence: Int64, open: [Int64] = [10], limit: Int64, next: Int64) {
            _ = positions.update(QueueProbe.Answer(sequence: sequence, open: open, limit: limit, nextTransaction: next))
        }
        probe(0, open: [], limit: 10, next: 10)
        for round in Int64(1)...100 {
            // Number 10 is open; another transaction has taken a thousand positions and is over.
            probe(round * 1000, limit: 11 + round, next: 11 + round)
            positions.ended(1, round * 1000, isFull: true)
            if let look = positions.look(1) {
                #expect(look.from >= (round - 2) * 1000, "round \(round) looks from \(look.from)")
                positions.finished(look)
            }
        }
        let idle = positions.look(1)
        #expect(idle == nil, "nothing has ended since")
        probe(100_000, open: [], limit: 112, next: 112)
        let last = positions.look(1)
        #expect(last?.from == 1, "it may have taken any position")
    }

    @Test("a claim begins where those under way end, as long as claims come full")
    func besideOthers() {
        var positions = ScanPositions()
        #expect(positions.begin(1, limit: 10) == 0)
        #expect(positions.begin(1, limit: 10) == 0, "nothing is known yet: both look from the start")
        positions.ended(1, 109, isFull: true)
        #expect(positions.begin(1, limit: 10) == 110)
        #expect(positions.begin(1, limit: 20) == 120)
        #expect(positions.begin(1, limit: 10) == 140)
        positions.ended(1, 139, isFull: true)
        #expect(positions.begin(1, limit: 10) == 150, "not from the hint: two that began before are still under way")
        #expect(positions.begin(2, limit: 10) == 0)
        positions.ended(1, 141, isFull: false)
        #expect(positions.begin(1, limit: 10) == 142, "what comes from now on may have any position behind the hint")
    }

    private struct Random: RandomNumberGenerator {
        var state: UInt64
        init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }
}
