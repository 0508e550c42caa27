import type { CommandCall, ExitCode } from '../command.js';
import { checkNode, checkOperatorContract, checkTracing } from '../doctor/environment-checks.js';
import type { Finding, Machine } from '../doctor/finding.js';
import { checkStateDirectory, checkTypeScript } from '../doctor/machine-checks.js';
import { checkPackages } from '../doctor/package-checks.js';
import { printable, wrap } from '../layout.js';
import { stateDirectory } from '../state-directory.js';
import type { Output, Style } from '../terminal.js';

/** `engramkit doctor`. */
export async function execute({ flags, terminal, env, directory }: CommandCall): Promise<ExitCode> {
  const machine: Machine = {
    env,
    nodeVersion: process.versions.node,
    directory,
    stateDirectory: stateDirectory({ flag: flags.text('directory'), directory }),
    now: () => Date.now(),
  };
  const { loadModule } = await import('@engramkit/runtime');
  const findings = [
    ...checkNode(machine),
    ...checkPackages(machine),
    ...(await checkTypeScript((file, cacheDirectory) => loadModule(file, { cacheDirectory }))),
    ...checkStateDirectory(machine),
    ...checkOperatorContract(machine),
    ...checkTracing(machine),
  ];
  const broken = findings.filter(({ verdict }) => verdict === 'broken').length;
  const exitCode = broken === 0 ? 0 : 1;
  const { stdout } = terminal;
  if (flags.on('json')) {
    const document = { status: broken === 0 ? 'fine' : 'broken', exitCode, findings };
    stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return exitCode;
  }
  for (const finding of findings) stdout.write(findingLines(finding, stdout));
  stdout.write(
    broken === 0
      ? stdout.paint('green', 'Nothing stands in the way.\n')
      : stdout.paint('red', `${broken} ${broken === 1 ? 'thing is' : 'things are'} broken.\n`),
  );
  return exitCode;
}

const MARKS: Readonly<Record<Finding['verdict'], readonly [mark: string, style: Style]>> = {
  fine: ['✔', 'green'],
  notice: ['!', 'yellow'],
  broken: ['✖', 'red'],
};

function findingLines({ check, verdict, text, fix }: Finding, output: Output): string {
  const [mark, style] = MARKS[verdict];
  const width = Math.max(30, Math.min(output.columns, 110) - 16);
  const margin = ' '.repeat(14);
  const [first = '', ...more] = wrap(printable(text), width);
  const lines = [
    `${output.paint(style, mark)} ${output.paint('bold', check.padEnd(11))} ${first}`,
    ...more.map((line) => margin + line),
  ];
  if (fix !== undefined) {
    const [fixFirst = '', ...fixMore] = wrap(printable(fix), width - 2);
    lines.push(
      `${margin}${output.paint('cyan', '→')} ${fixFirst}`,
      ...fixMore.map((line) => `${margin}  ${line}`),
    );
  }
  return `${lines.join('\n')}\n`;
}
