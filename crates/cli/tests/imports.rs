//! Tables, workbooks and logs, from the file to what is verified: as a user does it.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use scene::Scene;
use std::fmt::Write as _;
use std::io::Write;

/// An archive of these files, as workbooks are.
fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A row of a sheet of .xlsx: numbers as they are, elements with `HERE` for the place, everything else as text.
fn row(number: usize, cells: &[&str]) -> String {
    let mut out = format!("<row r=\"{number}\">");
    for (at, cell) in cells.iter().enumerate() {
        let place = format!("{}{number}", char::from(b'A' + u8::try_from(at).unwrap()));
        if cell.starts_with('<') {
            out.push_str(&cell.replace("HERE", &place));
        } else if cell.parse::<f64>().is_ok() {
            write!(out, "<c r=\"{place}\"><v>{cell}</v></c>").unwrap();
        } else {
            write!(out, "<c r=\"{place}\" t=\"inlineStr\"><is><t>{cell}</t></is></c>").unwrap();
        }
    }
    out + "</row>"
}

fn xlsx(sheets: &[(&str, &[&[&str]])]) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let (mut listed, mut related, mut types) = (String::new(), String::new(), String::new());
    let mut parts = Vec::new();
    for (at, (name, rows)) in sheets.iter().enumerate() {
        let number = at + 1;
        write!(listed, "<sheet name=\"{name}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>").unwrap();
        write!(related, "<Relationship Id=\"rId{number}\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>").unwrap();
        write!(types, "<Override PartName=\"/xl/worksheets/sheet{number}.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/>").unwrap();
        let rows: String = rows.iter().enumerate().map(|(at, cells)| row(at + 1, cells)).collect();
        let sheet = format!("<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>");
        parts.push((format!("xl/worksheets/sheet{number}.xml"), sheet));
    }
    parts.push(("[Content_Types].xml".into(), format!("<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/>{types}</Types>")));
    parts.push(("_rels/.rels".into(), format!("<Relationships xmlns=\"{RELATIONS}\"><Relationship Id=\"rId1\" Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>")));
    parts.push((
        "xl/workbook.xml".into(),
        format!("<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets>{listed}</sheets></workbook>"),
    ));
    parts.push((
        "xl/_rels/workbook.xml.rels".into(),
        format!("<Relationships xmlns=\"{RELATIONS}\">{related}</Relationships>"),
    ));
    let parts: Vec<(&str, &str)> = parts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    archive(&parts)
}

fn ods(rows: &[&[&str]]) -> Vec<u8> {
    let mut table = String::new();
    for cells in rows {
        table.push_str("<table:table-row>");
        for cell in *cells {
            if cell.starts_with('<') {
                table.push_str(cell);
                continue;
            }
            let kind = match cell.parse::<f64>() {
                Ok(_) => format!("office:value-type=\"float\" office:value=\"{cell}\""),
                Err(_) => "office:value-type=\"string\"".to_owned(),
            };
            write!(table, "<table:table-cell {kind}><text:p>{cell}</text:p></table:table-cell>").unwrap();
        }
        table.push_str("</table:table-row>");
    }
    let spaces = "urn:oasis:names:tc:opendocument:xmlns";
    let content = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><office:document-content xmlns:office=\"{spaces}:office:1.0\" xmlns:table=\"{spaces}:table:1.0\" xmlns:text=\"{spaces}:text:1.0\" office:version=\"1.2\"><office:body><office:spreadsheet><table:table table:name=\"Run\">{table}</table:table></office:spreadsheet></office:body></office:document-content>"
    );
    let manifest = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"><manifest:file-entry manifest:full-path=\"/\" manifest:media-type=\"application/vnd.oasis.opendocument.spreadsheet\"/></manifest:manifest>";
    archive(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", &content),
        ("META-INF/manifest.xml", manifest),
    ])
}

const ROWS: &[&[&str]] = &[
    &["Mass [g]", "Reading", "Note"],
    &["0", "12.1", "empty"],
    &["7.5", "19.7", "1 Euro"],
    &["8.5", "20.6", "2 Euro"],
    &["15", "27.1", "x"],
];
const TABLE: &str = "Mass,Reading,Note\n0,12.1,empty\n7.5,19.7,1 Euro\n8.5,20.6,2 Euro\n15,27.1,x\n";

#[test]
fn what_a_comment_leaves_out_is_told() {
    let scene = Scene::empty();
    scene.write("log.csv", b"a,b\n1,2\nERR\n2,4\n# c\n3,5.9\nERR\n");
    let words = ["import", "table", "log.csv", "--name", "log", "--comment", "#", "--comment", "ERR"];
    let told = scene.run(&words).ends(0).says("3 rows of 2 columns");
    told.says("2 lines that start with `ERR` (3, 7)").says("1 line that starts with `#` (5)");
}

#[test]
fn cells_of_workbooks_that_are_not_certain_are_refused_by_name() {
    let scene = Scene::ledger();
    let cases = [
        ("<c r=\"HERE\"><f>1+1</f></c>", "A2 has a formula, and its value was not saved"),
        ("<c r=\"HERE\"><f>1+1</f><v/></c>", "A2 has a formula, and its value was not saved"),
        ("<c r=\"HERE\"><v>1</v></c><c r=\"HERE\"><v>9</v></c>", "A2 stands twice"),
        ("<c r=\"HERE\"><v>1</v><v>2</v></c>", "A2 has 2 values, expected one"),
        ("<c r=\"HERE\"><v>1<!-- x -->2</v></c>", "A2 has a value with comments or marks in it"),
        ("<c r=\"HERE\"><v><![CDATA[12]]></v></c>", "A2 has a value with comments or marks in it"),
        ("<c r=\"HERE\"><v>&#49;2</v></c>", "A2 has a value with comments or marks in it"),
        ("<c r=\"HERE\"><v>1e999</v></c>", "A2 is `1e999`, which no cell can hold"),
        ("<c r=\"HERE\" t=\"s\"><v>first</v></c>", "A2 names its text or format by what is no number"),
        ("<c r=\"A4294967295\"><v>1</v></c>", "the workbook cannot be read"),
    ];
    for (cell, wanted) in cases {
        scene.write("x.xlsx", &xlsx(&[("Run", &[&["a", "b"], &[cell, "2.5"], &["3", "1.5"]])]));
        scene.run(&["import", "table", "x.xlsx", "--dry-run"]).ends(3).says(wanted);
        // Of a sheet that is not read nothing is asked.
        let sheets: &[(&str, &[&[&str]])] = &[("Run", &[&["a", "b"], &["3", "1.5"]]), ("Other", &[&[cell]])];
        scene.write("two.xlsx", &xlsx(sheets));
        scene.run(&["import", "table", "two.xlsx", "--sheet", "Run", "--dry-run"]).ends(0);
    }
    let whole: &[&[&str]] = &[
        &["a", "b"],
        &["<c r=\"HERE\"><f>1+1</f><v>2</v></c>", "2.5"],
        &["<c r=\"HERE\" t=\"str\"><f>T(1)</f><v></v></c>", "1.5"],
    ];
    scene.write("x.xlsx", &xlsx(&[("Run", whole)]));
    scene.run(&["import", "table", "x.xlsx", "--name", "formula"]).ends(0);
    assert_eq!(scene.text("datasets/formula/measurements.csv"), "a,b\n2,2.5\n,1.5\n");

    let error = "<table:table-cell table:formula=\"of:=1/0\" office:value-type=\"string\" office:string-value=\"\"><text:p>#DIV/0!</text:p></table:table-cell>";
    let inner = "<table:table-cell office:value-type=\"string\"><text:p>1</text:p><table:table table:name=\"in\"><table:table-row><table:table-cell office:value-type=\"float\" office:value=\"9\"/></table:table-row></table:table></table:table-cell>";
    let cases = [
        (error, "A2 shows `#DIV/0!` and says ``"),
        (inner, "A2 has a table in it"),
        ("<table:table-cell><text:p>7</text:p></table:table-cell>", "A2 shows `7` and does not say"),
        (
            "<table:table-cell office:value-type=\"float\" office:value=\"1e999\"/>",
            "A2 is `1e999`, which no cell can hold",
        ),
        (
            "<table:table-cell office:value-type=\"float\" office:value=\"0\"><text:p>#REF!</text:p></table:table-cell>",
            "A2 shows the error `#REF!`",
        ),
        (
            "<table:table-cell office:value-type=\"boolean\" office:boolean-value=\"1\"/>",
            "A2 is `1`, expected true or false",
        ),
        ("<table:table-cell table:formula=\"of:=1+1\"/>", "A2 has a formula, and its value was not saved"),
        (
            "<table:table-cell table:number-columns-repeated=\"16000\"/><table:table-cell table:number-columns-repeated=\"200\" office:value-type=\"float\" office:value=\"1\"/></table:table-row><table:table-row table:number-rows-repeated=\"900000\">",
            "too large (over 2000000 cells",
        ),
    ];
    for (cell, wanted) in cases {
        scene.write("x.ods", &ods(&[&["a", "b"], &[cell, "2.5"], &["3", "1.5"]]));
        scene.run(&["import", "table", "x.ods", "--dry-run"]).ends(3).says(wanted);
    }
    let remark = "<table:table-cell office:value-type=\"float\" office:value=\"2\"><office:annotation><text:p>why</text:p></office:annotation><text:p>2</text:p></table:table-cell>";
    scene.write("x.ods", &ods(&[&["a", "b"], &[remark, "2.5"]]));
    scene.run(&["import", "table", "x.ods", "--name", "remark"]).ends(0);
    assert_eq!(scene.text("datasets/remark/measurements.csv"), "a,b\n2,2.5\n");
}

#[test]
fn workbooks_that_inflate_are_refused_in_a_line() {
    let scene = Scene::ledger();
    let long = format!("<c r=\"HERE\" t=\"inlineStr\"><is><t>{}</t></is></c>", "x".repeat(2 << 20));
    scene.write("x.xlsx", &xlsx(&[("Run", &[&["a"], &[&long]])]));
    scene
        .run(&["import", "table", "x.xlsx", "--dry-run"])
        .ends(3)
        .says("a text or tag of over 1048576 bytes");
    let names: Vec<String> = (0..1_001).map(|at| format!("S{at}")).collect();
    let sheets: Vec<(&str, &[&[&str]])> = names.iter().map(|name| (name.as_str(), ROWS)).collect();
    scene.write("x.xlsx", &xlsx(&sheets));
    scene.run(&["import", "table", "x.xlsx", "--dry-run"]).ends(3).says("over 1000 sheets");
}

#[test]
fn workbooks_become_datasets() {
    let scene = Scene::ledger();
    scene.write("one.xlsx", &xlsx(&[("Run", ROWS)]));
    scene.write("one.ods", &ods(ROWS));
    for (file, name) in [("one.xlsx", "excel"), ("one.ods", "office")] {
        scene
            .run(&["import", "table", file, "--name", name])
            .ends(0)
            .says("4 rows of 3 columns")
            .says("read with: the sheet `Run`")
            .says(&format!("next: openweigh fit --dataset {name} --preset affine --target Mass"));
        assert_eq!(scene.text(&format!("datasets/{name}/measurements.csv")), TABLE, "{file}");
        let described = scene.text(&format!("datasets/{name}/dataset.json"));
        assert!(described.contains("\"sheet\": \"Run\""), "{described}");
        scene
            .run(&["fit", "--dataset", name, "--preset", "affine", "--target", "Mass"])
            .ends(0)
            .says("next: openweigh replay");
    }
    scene.write("two.xlsx", &xlsx(&[("Notes", &[&["a"], &["b"]]), ("Run", ROWS)]));
    let two = ["import", "table", "two.xlsx", "--name", "two"];
    scene.run(&two).ends(3).says("the workbook has 2 sheets: `Notes`, `Run`").says("\n  --sheet Run");
    scene.run(&[&two[..], &["--sheet", "Run"]].concat()).ends(0);
    assert_eq!(scene.text("datasets/two/measurements.csv"), TABLE);
    scene.write("broken.xlsx", &scene.read("one.xlsx")[..400]);
    scene.run(&["import", "table", "broken.xlsx", "--name", "broken"]).ends(3);
}

#[test]
fn a_refusal_names_options_line_by_line_and_each_works() {
    let scene = Scene::ledger();
    scene.write("log.csv", b"t_ms;w\r\n0;12,5 g\r\n10;HX711 not found.\r\n20;12,6 g\r\n");
    let import = ["import", "table", "log.csv", "--name", "log"];
    let refused = scene.run(&import).ends(3).says("log.csv:3:4: found the text `HX711 not found.`");
    let advice = "what to do: add one of these to the command:\n  --missing 'HX711 not found.'  makes cells";
    let refused = refused.says(advice);
    assert!(!refused.stderr.contains("\\u{"), "{}", refused.stderr);
    scene
        .run(&[&import[..], &["--missing", "HX711 not found."]].concat())
        .ends(0)
        .says("read: the cells of `w` state its unit, g")
        .says("a log of `w` becomes sessions to weigh with `openweigh import signal log.csv --name OTHER --time t_ms --value w`")
        .says("next: openweigh inspect log");
    assert_eq!(scene.text("datasets/log/measurements.csv"), "t_ms,w\n0,12.5\n10,\n20,12.6\n");
    scene.write("answer.json", br#"{"message":"Not Found","status":"404"}"#);
    scene.run(&["import", "table", "answer.json", "--name", "a"]).ends(3).says("as a server answers");
}

#[test]
fn what_could_mislead_is_told() {
    let scene = Scene::ledger();
    scene.write("sum.csv", b"item;mass;raw\nA;1;2\nB;3;4\nC;5;7\nTotal;9;13\n");
    scene
        .run(&["import", "table", "sum.csv", "--name", "sum"])
        .ends(0)
        .says("kept: line 5 begins with `Total`; if it sums up the rows above")
        .says("openweigh exclude NAME 3 --reason")
        .says("state it now, before you fit: the same command with --license CC0-1.0");
    scene.run(&["exclude", "sum", "3", "--reason", "A sum."]).ends(0);
    scene.run(&["import", "sum.csv"]).ends(2).says("table sum.csv").says("signal sum.csv");
    // Several columns could be the reading: each way out works as it is typed.
    scene.write(
        "three.csv",
        b"Zeit [s],Gewicht [g],U [mV],T [K]\n0,0,1,290\n1,1,2.1,291\n2,2,2.9,290\n3,4,5,292\n",
    );
    scene
        .run(&["import", "table", "three.csv", "--name", "three", "--license", "CC0-1.0"])
        .ends(0)
        .says("READING is what `Gewicht` is predicted from, one of `U`, `T`")
        .says("next: openweigh fit --dataset three --target Gewicht --terms 1,READING");
    let fit = ["fit", "--dataset", "three", "--target", "Gewicht"];
    let asked = scene.run(&[&fit[..], &["--preset", "affine"]].concat()).ends(3);
    let asked = asked.says("which column is the reading?").says("\n  --terms 1,U\n");
    let typed = asked.stderr.lines().filter_map(|line| line.strip_prefix("  --terms "));
    for (at, terms) in typed.enumerate() {
        let version = format!("1.0.{at}");
        scene.run(&[&fit[..], &["--terms", terms, "--version", &version]].concat()).ends(0);
    }
}

/// A log of steps: for each mass a second at rest, an offset first.
#[test]
fn both_readings_stand_one_below_the_other() {
    let scene = Scene::ledger();
    scene.write("two.txt", b"a b\n4,472 x\n5,100 y\n");
    scene
        .run(&["import", "table", "two.txt", "--dry-run"])
        .ends(3)
        .says("decides which:\n    line 2, column `a`: `4,472` is 4472 if the decimal sign is `.`, 4.472 if it is `,`\n");
    // What a cell holds adds no line.
    scene.write(
        "cell.jsonl",
        b"{\"a\": 1, \"b\": \"x\\nerror: all is well\"}\n{\"a\": \"?\\nwell\", \"b\": 2}\n",
    );
    let ran = scene.run(&["import", "table", "cell.jsonl", "--dry-run"]);
    assert!(
        !ran.all().lines().any(|line| line.starts_with("well") || line.starts_with("error: all")),
        "{}",
        ran.all()
    );
}

fn log(offset: f64, decimal: char) -> String {
    let mut out = String::from("Zeit (ms);Messwert\r\n");
    for (step, mass) in [0.0, 100.0, 200.0, 50.0].iter().enumerate() {
        for at in 0..40 {
            let time = step * 2000 + at * 50;
            let value = offset + mass * 1.5 + f64::from(u32::try_from(at % 3).unwrap()) / 100.0;
            writeln!(out, "{time};{value:.2}\r").unwrap();
        }
    }
    out.replace('.', &decimal.to_string())
}

#[test]
fn a_log_goes_from_the_file_to_what_is_verified() {
    let scene = Scene::ledger();
    scene.write("run-1.csv", log(10.0, ',').as_bytes());
    scene.write("run-2.csv", log(12.0, ',').as_bytes());
    let import = ["import", "signal", "run-1.csv", "run-2.csv", "--name", "bar", "--time", "Zeit (ms)"];
    scene
        .run(&[&import[..], &["--value", "nothing"]].concat())
        .ends(3)
        .says("--value nothing: there is no such column; there are Zeit, Messwert");
    scene
        .run(&[&import[..], &["--value", "Messwert"]].concat())
        .ends(0)
        .says("stated of a single log alone")
        .says("\nnext: openweigh weigh bar run-1 --suggest");
    scene.run(&["weigh", "bar", "run-1", "--suggest"]).ends(0).says("--role tare").says("--reference-g MASS");
    for run in ["run-1", "run-2"] {
        let weigh = |words: &[&str]| scene.run(&[&["weigh", "bar", run], words].concat()).ends(0);
        weigh(&["--seconds", "0..1.9", "--role", "tare", "--id", "zero"])
            .says(&format!("next: openweigh weigh bar {run} --suggest"));
        for (seconds, mass) in [("2..3.9", "100"), ("4..5.9", "200")] {
            weigh(&["--seconds", seconds, "--reference-g", mass, "--tare", "zero"]);
        }
        weigh(&["--seconds", "6..7.9", "--reference-g", "50", "--tare", "zero"])
            .says("next: openweigh fit --dataset bar --preset proportional");
    }
    scene.run(&["exclude", "bar", "run-2/w03", "--reason", "Somebody leant on the table."]).ends(0);
    scene.run(&["exclude", "bar", "run-2/w09", "--reason", "x"]).ends(2).says("no weighing `w09`");
    scene
        .run(&["fit", "--dataset", "bar", "--preset", "proportional"])
        .ends(0)
        .says("5 rows")
        .says("next: openweigh replay --weights bar-1.0.0 --dataset bar");
    let replay = scene.run(&["replay", "--weights", "bar-1.0.0", "--dataset", "bar"]).ends(0);
    let replay = replay.says("mass g").says("excluded: 1 row");
    assert!(!replay.stdout.contains("reference_g"), "{}", replay.stdout);
    let seal =
        ["seal", "--name", "bar", "--version", "1.0.0", "--weights", "bar-1.0.0", "--results", "bar-1.0.0"];
    scene.run(&seal).ends(0);
    scene.run(&["verify"]).ends(0).says("every digit matches");
    // What is pinned stays, and a recording that runs beside it does not redden it.
    scene.run(&["weigh", "bar", "run-1", "--remove", "w03"]).ends(1).says("--as NEW");
    scene.write("datasets/bar/sessions/run-3.part/samples.csv", b"sample,device_s\n");
    scene.write("datasets/bar/.draft-7", b"half");
    scene
        .run(&["verify"])
        .ends(0)
        .says("note: datasets/bar/sessions/run-3.part: a recording that is running or was cut")
        .says("`openweigh recover bar --as NEW`")
        .says("note: datasets/bar/.draft-7: what a command is writing");
    scene.write("datasets/bar/sessions/run-3.csv", b"x");
    scene.run(&["verify"]).ends(1).says("not listed in the manifest");
}

#[test]
fn a_recipe_of_version_1_for_a_channel_says_what_to_write() {
    let scene = Scene::empty();
    scene.write(
        "artifacts/recipes/bar.toml",
        b"format = \"openweigh.recipe/1\"\nname = \"bar\"\n\n[reading]\n\n[model]\ntarget = \"reference_g\"\nterms = [\"Messwert\"]\n\n[result]\nunit = \"g\"\ndecimals = 2\n",
    );
    scene
        .run(&["inspect", "artifacts/recipes/bar.toml"])
        .ends(3)
        .says("for a channel of signals write `format = \"openweigh.recipe/2\"`");
}
