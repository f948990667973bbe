import Foundation
import Testing

@Suite("Arrows between modules go one way, and every library has one home")
struct ImportTests {
    @Test("every import in Sources is in the table")
    func everyImport() throws {
        let files = try Repository.files(below: "Sources", ending: ".swift")
        #expect(files.count > 50)
        for file in files {
            let module = String(file.path.split(separator: "/")[1])
            for name in ImportTable.imports(in: file.text) {
                let objection = ImportTable.objection(module, imports: name)
                #expect(objection == nil, "\(file.path): \(objection ?? "")")
            }
        }
    }

    @Test("every folder of Sources has its place in the table")
    func everyModule() throws {
        let known = ImportTable.layers.reduce(ImportTable.tools) { $0.union($1) }
        let folders = try FileManager.default.contentsOfDirectory(atPath: Repository.root.appending(path: "Sources").path)
        #expect(Set(folders).subtracting(known) == [])
    }

    @Test(
        "an import is seen whatever it is written like",
        arguments: [
            ("import Store", "Store"), ("  import Store // why", "Store"), ("@testable import Store", "Store"),
            ("public import Store", "Store"), ("@preconcurrency package import Store", "Store"),
            ("import struct Store.Lease", "Store"), ("@_spi(Tests) internal import Store", "Store"),
            ("import Foundation.NSURL", "Foundation"), ("let a = 1; import Store", "Store"),
            ("// import Store", ""), ("let important = 1", ""), ("important(Store)", ""),
        ])
    func spelling(line: String, module: String) {
        #expect(ImportTable.imports(in: "\n\(line)\n") == (module.isEmpty ? [] : [module]))
    }

    @Test(
        "what the table forbids is refused",
        arguments: [
            ("Pipeline", "Postgres"), ("martlet", "Postgres"), ("Store", "Pipeline"), ("Rendering", "Store"),
            ("Pipeline", "Producer"),
            ("Domain", "Foundation"), ("Domain", "Logging"), ("Postgres", "Domain"), ("Store", "CLibPQ"),
            ("Pipeline", "ArgumentParser"),
            ("Pipeline", "NIOCore"), ("Store", "NIOHTTP1"), ("Rendering", "Yams"), ("Store", "AnythingElse"),
            ("Elsewhere", "Domain"),
            ("EmbedSQL", "Domain"), ("Operations", "Pipeline"), ("Callbacks", "Transports"), ("Gateway", "Transports"),
            ("Text", "Domain"), ("Store", "Callbacks"), ("Pipeline", "ProviderEvents"), ("Pipeline", "ServiceLifecycle"),
            ("Operations", "ArgumentParser"), ("AdminCommands", "Transports"),
        ])
    func forbidden(module: String, name: String) {
        #expect(ImportTable.objection(module, imports: name) != nil)
    }

    @Test(
        "what the layout needs is allowed",
        arguments: [
            ("Store", "Postgres"), ("Store", "Domain"), ("Pipeline", "Store"), ("martlet-worker", "Worker"),
            ("Worker", "Pipeline"),
            ("martlet-worker", "UnixSignals"), ("AdminCommands", "ArgumentParser"), ("AdminCommands", "Operations"),
            ("Transports", "NIOSSL"), ("Transports", "Callbacks"), ("Rendering", "Text"),
            ("Telemetry", "NIOHTTP1"),
            ("Postgres", "CLibPQ"), ("Rendering", "Foundation"), ("Store", "Logging"),
        ])
    func allowed(module: String, name: String) {
        #expect(ImportTable.objection(module, imports: name) == nil)
    }
}
