// Reads a JSON string per line, a query; writes a JSON line per query: the first error of Salesforce's
// published parser as [row, column, text], or null. Lexer errors reach it only through the console.
const { SOQLParser } = require('@salesforce/soql-common/lib/soql-parser');

const parser = SOQLParser({ isApex: false, isMultiCurrencyEnabled: false, apiVersion: 66.0 });
let lexer = [];
console.error = (message) => lexer.push(String(message));

function verdict(query) {
  lexer = [];
  const errors = parser
    .parseQuery(query)
    .getParserErrors()
    .map((e) => [e.getLineNumber(), e.getCharacterPositionInLine(), e.getMessage()]);
  for (const message of lexer) {
    const place = /^line (\d+):(\d+) (.*)/s.exec(message);
    if (place) errors.push([Number(place[1]), Number(place[2]), place[3]]);
  }
  errors.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return errors.length ? errors[0] : null;
}

require('readline')
  .createInterface({ input: process.stdin })
  .on('line', (line) => process.stdout.write(JSON.stringify(verdict(JSON.parse(line))) + '\n'));
