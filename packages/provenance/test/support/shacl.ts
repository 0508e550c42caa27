import { Parser, Store } from 'n3';
import Validator from 'rdf-validate-shacl';

/** What the validator reports: one text per violation. */
export async function shaclReport(turtle: string, shape: string): Promise<readonly string[]> {
  const parse = (text: string): Store => new Store(new Parser().parse(text));
  const validator = new Validator(parse(shape) as never, { allowNamedNodeInList: true } as never);
  const report = await validator.validate(parse(turtle) as never);
  return report.results.map(
    (result) =>
      `${result.focusNode?.value ?? ''} ${result.path?.value ?? ''} ${result.sourceConstraintComponent?.value ?? ''}`,
  );
}
