import Foundation
import Glibc
import Postgres
import Store
import TestSupport
import Testing

@testable import Producer

/// A file of a test's own, gone with it.
final class TemporaryFile: Sendable {
    let path: String

    init(_ bytes: some Collection<UInt8>, name: String = "list.csv") throws {
        let directory = "/tmp/producer-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        path = "\(directory)/\(name)"
        try Data(bytes).write(to: URL(filePath: path))
    }

    convenience init(_ text: String, name: String = "list.csv") throws { try self.init(Array(text.utf8), name: name) }

    deinit {
        do { try FileManager.default.removeItem(atPath: URL(filePath: path).deletingLastPathComponent().path) } catch {
            // Left for the system to clear.
        }
    }

    var rejectsPath: String { path + ".rejects.ndjson" }
}

/// What `gzip` makes of it.
func gzipped(_ bytes: [UInt8]) async throws -> [UInt8] {
    let file = try TemporaryFile(bytes, name: "plain")
    try await runProcess(["gzip", "-k", file.path])
    return Array(try Data(contentsOf: URL(filePath: file.path + ".gz")))
}

func reading(_ bytes: [UInt8], _ format: FileFormat, defaults: [String: String] = [:]) throws -> [RecordReader.Step] {
    let file = try TemporaryFile(bytes)
    var reader = RecordReader(
        LineReader(try ByteSource(path: file.path, stop: StopFlag())), format: format, defaults: defaults)
    var steps: [RecordReader.Step] = []
    while true {
        let step = try reader.next()
        if step == .end { return steps }
        steps.append(step)
    }
}

func reading(_ text: String, _ format: FileFormat, defaults: [String: String] = [:]) throws -> [RecordReader.Step] {
    try reading(Array(text.utf8), format, defaults: defaults)
}

extension RecordReader.Step {
    var record: Record? {
        if case .record(let record) = self { return record }
        return nil
    }
    var reject: Reject? {
        if case .reject(let reject) = self { return reject }
        return nil
    }
}

let comma = FileFormat.csv(delimiter: UInt8(ascii: ","))
let required = "class,channel,recipient,template"

/// A migrated database with one class, sender and template.
func producerTemplate() async throws -> String {
    try await migratedTemplate { conninfo in
        let database = Database(DatabaseOptions(conninfo: conninfo, applicationName: "tests"))
        _ = try await Migrator(database).up()
        let connection = try await PQConnection.connect(.init(conninfo))
        try await connection.execute(
            script: """
                insert into martlet_data.classes (name, lane, time_to_live, erases_body) values ('marketing', 3, '48 hours', false);
                insert into martlet_data.senders (key, default_country, time_zone, is_default) values ('shop', '+44', 'Europe/London', true);
                insert into martlet_data.templates (key, channel, locale, version, subject, body, html, required)
                    values ('sale', 'sms', 'en', 1, null, 'x', null, '{}');
                """)
        await connection.close()
        await database.close()
    }
}

/// The program itself, as `swift build` left it.
struct ProducerProgram {
    static let path = "\(PythonTool.repository)/.build/debug/martlet-producer"
    var conninfo: String

    func start(_ arguments: [String], input: Int32? = nil) throws -> ChildProcess {
        try ChildProcess([Self.path] + arguments, environment: ["MARTLET_DATABASE_URL": conninfo], input: input)
    }
}

/// Group keys of all messages, with how often each is there.
func groupKeys(_ connection: PQConnection) async throws -> [String: Int] {
    let rows = try await connection.query(
        PQCall("group_keys", "select coalesce(group_key, ''), count(*) from martlet_data.messages group by 1"))
    var found: [String: Int] = [:]
    for row in rows { found[try row.text(0)] = Int(try row.int8(1)) }
    return found
}

func lines(_ path: String) throws -> [[String: Any]] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
        try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
    }
}

/// Its exit code, killed with SIGKILL after a while if it has none by then.
func endedOrKilled(_ child: ChildProcess, after delay: Duration) async throws -> Int32 {
    let clock = ContinuousClock()
    let end = clock.now + delay
    try await eventually(within: .seconds(60), poll: .milliseconds(2), "the program ends or is killed") {
        if clock.now >= end { child.kill(SIGKILL) }
        return child.exitCode != nil
    }
    return try #require(child.exitCode)
}
