/**
 * The SHACL shape, in Turtle, that every PROV-O export conforms to.
 *
 * Every activity has exactly one agent and at most one start and end; what is used is an entity; what is generated has one activity
 * and one time; every entity is generated at most once; association and plan have their types. Source: provenance section 7.4.
 */
export const PROVENANCE_SHAPE = `@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix pc: <urn:provchain:v1:> .
@prefix shape: <urn:provchain:shape:> .

shape:Activity a sh:NodeShape ;
  sh:targetClass prov:Activity ;
  sh:property [ sh:path prov:wasAssociatedWith ; sh:minCount 1 ; sh:maxCount 1 ; sh:class prov:Agent ] ;
  sh:property [ sh:path prov:startedAtTime ; sh:maxCount 1 ; sh:datatype xsd:dateTime ] ;
  sh:property [ sh:path prov:endedAtTime ; sh:maxCount 1 ; sh:datatype xsd:dateTime ] ;
  sh:property [ sh:path prov:startedAtTime ; sh:lessThanOrEquals prov:endedAtTime ] ;
  sh:property [ sh:path prov:used ; sh:class prov:Entity ] ;
  sh:property [ sh:path prov:wasInformedBy ; sh:class prov:Activity ] ;
  sh:property [ sh:path prov:qualifiedAssociation ; sh:maxCount 1 ; sh:class prov:Association ] ;
  sh:not [ sh:class prov:Entity ] .

shape:ActionRun a sh:NodeShape ;
  sh:targetClass pc:ActionRun ;
  sh:property [ sh:path dcterms:isPartOf ; sh:minCount 1 ; sh:maxCount 1 ; sh:class pc:Session ] ;
  sh:property [ sh:path pc:sequence ; sh:minCount 1 ; sh:maxCount 1 ; sh:datatype xsd:integer ; sh:minInclusive 1 ] ;
  sh:property [ sh:path pc:attempt ; sh:minCount 1 ; sh:maxCount 1 ; sh:datatype xsd:integer ; sh:minInclusive 1 ] ;
  sh:property [ sh:path pc:outcome ; sh:minCount 1 ; sh:maxCount 1 ; sh:datatype xsd:string ] ;
  sh:property [ sh:path prov:endedAtTime ; sh:minCount 1 ] .

shape:Entity a sh:NodeShape ;
  sh:targetClass prov:Entity ;
  sh:property [ sh:path prov:wasGeneratedBy ; sh:maxCount 1 ; sh:class prov:Activity ] ;
  sh:property [ sh:path prov:generatedAtTime ; sh:maxCount 1 ; sh:datatype xsd:dateTime ] ;
  sh:property [ sh:path prov:wasDerivedFrom ; sh:class prov:Entity ] ;
  sh:property [ sh:path prov:wasAttributedTo ; sh:class prov:Agent ] ;
  sh:property [ sh:path prov:value ; sh:maxCount 1 ; sh:datatype rdf:JSON ] ;
  sh:property [ sh:path pc:digest ; sh:maxCount 1 ; sh:pattern "^sha256:[0-9a-f]{64}$" ] .

shape:Generated a sh:NodeShape ;
  sh:targetSubjectsOf prov:wasGeneratedBy ;
  sh:class prov:Entity ;
  sh:property [ sh:path prov:generatedAtTime ; sh:minCount 1 ] .

shape:Association a sh:NodeShape ;
  sh:targetClass prov:Association ;
  sh:property [ sh:path prov:agent ; sh:minCount 1 ; sh:maxCount 1 ; sh:class prov:Agent ] ;
  sh:property [ sh:path prov:hadPlan ; sh:maxCount 1 ; sh:class prov:Plan ] .
`;
