import Foundation
import TestSupport
import Testing

@Suite("The SQL contract, called from Python")
struct ContractTests {
    static let parts = [
        "Enqueue", "Ids", "Templates", "Limits", "Events", "Idempotency", "Bulk", "Recipients", "Cancel", "DeadLetters", "Admins",
    ]

    @Test("every part is run")
    func whole() throws {
        let script = try String(contentsOfFile: "\(PythonTool.repository)/Tests/ContractTests/contract_test.py", encoding: .utf8)
        #expect(Set(script.matches(of: /\nclass (\w+)\(Contract\)/).map { String($0.1) }) == Set(Self.parts))
    }

    @Test("services and admins get what the contract says", arguments: parts)
    func fromPython(part: String) async throws {
        // A database of its own for each part: they seed the same policy.
        let database = try await ScratchDatabase.create(template: try await migratedTemplate(ScratchDatabase.migrate))
        let script = "\(PythonTool.repository)/Tests/ContractTests/contract_test.py"
        let child = try PythonTool.start([script, part], environment: ["MARTLET_CONTRACT_PG": database.conninfo])
        let code = try await child.wait(within: .seconds(240))
        let output = child.output
        try await database.drop()
        #expect(code == 0, "\(output)")
        #expect(output.contains("\nOK"), "\(output)")
        #expect(!output.contains("Ran 0 tests"), "\(output)")
    }
}
