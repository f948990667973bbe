import ArgumentParser
import Domain
import Foundation
import Store

/// Options and output that every command shares.
struct Load: ParsableArguments {
    @Option(help: "How many messages.") var count = 100_000
    @Option(help: "Class of the messages.") var messageClass = "marketing"
    @Option(help: "sms or email.") var channel = "sms"
    @Option(help: "How many different recipients they go to.") var recipients = 1_000_000

    func database(connections: Int, isWorker: Bool = false) -> Database {
        let url = ProcessInfo.processInfo.environment["MARTLET_DATABASE_URL"] ?? ""
        return Database(
            DatabaseOptions(
                conninfo: url, applicationName: "martlet-load", connections: connections, deadline: .seconds(600),
                isWorker: isWorker))
    }

    /// The n-th row: a number in +86 or a mailbox, variables of about 150 bytes.
    func row(_ n: Int) -> BulkRow {
        let person = n % recipients
        var row = BulkRow()
        row["class"] = messageClass
        row["channel"] = channel
        row["recipient"] = channel == "email" ? "load-\(person)@example.test" : "+86139\(10_000_000 + person)"
        row["recipient_key"] = "load-\(person)"
        row["template"] = "load"
        row["locale"] = "en"
        row["variables"] =
            #"{"name": "Customer \#(person)", "order": "LOAD-\#(n)", "amount": "129.90", "url": "https://shop.example/o/\#(n)", "note": "packed with care in our own warehouse"}"#
        return row
    }
}

/// A measured line: `name  value unit  note`.
func report(_ name: String, _ value: Double, _ unit: String, _ note: String = "") {
    let number = value >= 100 ? String(Int(value.rounded())) : String(format: "%.2f", value)
    print("\(name)\t\(number) \(unit)\t\(note)")
}

/// The p-th percentile (0…100) of sorted values.
func percentile(_ sorted: [Double], _ p: Double) -> Double {
    guard !sorted.isEmpty else { return .nan }
    return sorted[min(sorted.count - 1, Int((p / 100 * Double(sorted.count)).rounded(.down)))]
}
