// A client of somebody else's making: epcis2.js captures five types of events and reads what comes back.
// Arguments: the library's file, the capture interface, and where to read. Prints what it found as one line of JSON.
const [library, captures, reads] = process.argv.slice(2);
const epcis = require(library);

const CONTEXT = ['https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld', { ex: 'https://ex.example/' }];
const ITEM = (serial) => `urn:epc:id:sgtin:0614141.107346.${serial}`;
const PALLET = 'urn:epc:id:sscc:0614141.1234567890';
const SITE = 'urn:epc:id:sgln:0614141.00777.0';
const RESIN = 'urn:epc:class:lgtin:0614141.107346.L1';

function seen(event, step, number) {
  event.setEventTime('2026-09-18T10:00:00.000+08:00').setEventTimeZoneOffset('+08:00');
  return event.setBizStep(step).setReadPoint(SITE).addExtension('ex:number', number);
}

function documentOfAllTypes() {
  const object = seen(new epcis.ObjectEvent(), 'inspecting', 1).setAction('OBSERVE').addEPC(ITEM(2017));
  object.addSensorElement(
    new epcis.SensorElement().addSensorReport(
      new epcis.SensorReportElement({ type: 'Temperature', value: 21.5, uom: 'CEL' }),
    ),
  );
  const packing = seen(new epcis.AggregationEvent(), 'packing', 2).setAction('ADD');
  packing.setParentId(PALLET).addChildEPC(ITEM(2017)).addChildEPC(ITEM(2018));
  const sale = seen(new epcis.TransactionEvent(), 'retail_selling', 3).setAction('ADD').addEPC(ITEM(2019));
  sale.addBizTransaction(new epcis.BizTransactionElement({ type: 'po', bizTransaction: 'urn:epcglobal:cbv:bt:0614141000005:1' }));
  const making = seen(new epcis.TransformationEvent(), 'commissioning', 4).addOutputEPC(ITEM(2020));
  making.addInputQuantity(new epcis.QuantityElement({ epcClass: RESIN, quantity: 2.5, uom: 'KGM' }));
  const fitting = seen(new epcis.AssociationEvent(), 'assembling', 5).setAction('ADD');
  fitting.setParentId('urn:epc:id:grai:0614141.12345.400').addChildEPC('urn:epc:id:giai:0614141.5');
  const document = new epcis.EPCISDocument().setContext(CONTEXT).setCreationDate('2026-09-18T10:00:00.000+08:00');
  [object, packing, sale, making, fitting].forEach((event) => document.addEvent(event));
  return document;
}

async function json(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

async function settled(location) {
  for (let left = 300; left > 0; left -= 1) {
    const job = await json(new URL(location, captures));
    if (!job.running) return job;
    await new Promise((wake) => setTimeout(wake, 100));
  }
  throw new Error(`${location} is still running`);
}

/** Events of a query, as the library reads them; it throws where one is not valid by its schemas. */
async function events(query) {
  const document = await json(`${reads}${query}`);
  return document.epcisBody.queryResults.resultsBody.eventList.map((found) => {
    const { recordTime, ...event } = found;
    const read = epcis.objectToEvent(event);
    read.isValid();
    return { id: read.getEventID(), number: event['ex:number'], recordTime, type: event.type };
  });
}

(async () => {
  epcis.setup({ apiUrl: captures, documentValidation: true });
  const taken = await epcis.capture(documentOfAllTypes());
  const job = await settled(taken.headers.get('location'));
  const again = await settled((await epcis.capture(documentOfAllTypes())).headers.get('location'));
  const wrong = documentOfAllTypes();
  wrong.getEventList()[0].setEventTime('2126-09-18T10:00:00.000+08:00');
  const refused = await settled((await epcis.capture(wrong)).headers.get('location'));
  const all = await events('/events?perPage=100');
  console.log(
    JSON.stringify({
      status: taken.status,
      success: job.success,
      again: again['hefu:results'].map((result) => result.result),
      refused: refused.errors.map((error) => error.code),
      all,
      packing: await events(`/events?MATCH_parentID=${encodeURIComponent(PALLET)}`),
      warm: await events('/events?GE_value_CEL=20'),
      single: await events(`/events/${encodeURIComponent(all[0].id)}`),
    }),
  );
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
