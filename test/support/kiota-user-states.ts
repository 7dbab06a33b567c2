import {
  type ApiError,
  type DeserializeIntoModelFunction,
  HttpMethod,
  type Parsable,
  type ParseNode,
  type RequestAdapter,
  RequestInformation,
  type RequestOption,
  type SerializationWriter,
} from '@microsoft/kiota-abstractions';

/** A user state. */
export interface UserState extends Parsable {
  id?: string | undefined;
  successDeviceCount?: number | undefined;
  errorDeviceCount?: number | undefined;
  userPrincipalName?: string | undefined;
}

interface UserStatePage extends Parsable {
  '@odata.nextLink'?: string | undefined;
  '@odata.count'?: number | undefined;
  value?: UserState[] | undefined;
}

interface ErrorDetails extends Parsable {
  code?: string | undefined;
  message?: string | undefined;
  innerError?: { 'request-id'?: string | undefined; date?: Date | undefined } | undefined;
}

/** The error with which a call rejects. */
export interface ODataError extends Parsable, ApiError {
  error?: ErrorDetails;
}

/** Reads each property of a model from the JSON property of the same name. */
type PropertyReaders<T> = { readonly [Name in keyof T]-?: (node: ParseNode) => T[Name] };

/** Creates the factory of a model: it returns the function that deserializes the model. */
function modelFactory<T extends Parsable>(readers: PropertyReaders<T>) {
  const deserializers = (model: Partial<T> = {}) =>
    Object.fromEntries(
      Object.keys(readers).map((key) => {
        const name = key as keyof T;
        const deserialize = (node: ParseNode): void => {
          model[name] = readers[name](node);
        };
        return [key, deserialize];
      }),
    );
  return (): DeserializeIntoModelFunction<T> => deserializers;
}

const readString = (node: ParseNode) => node.getStringValue();
const readNumber = (node: ParseNode) => node.getNumberValue();

const createUserState = modelFactory<UserState>({
  id: readString,
  successDeviceCount: readNumber,
  errorDeviceCount: readNumber,
  userPrincipalName: readString,
});

const createUserStatePage = modelFactory<UserStatePage>({
  '@odata.nextLink': readString,
  '@odata.count': readNumber,
  value: (node) => node.getCollectionOfObjectValues(createUserState),
});

const createInnerError = modelFactory<NonNullable<ErrorDetails['innerError']>>({
  'request-id': readString,
  date: (node) => node.getDateValue(),
});

const createErrorDetails = modelFactory<ErrorDetails>({
  code: readString,
  message: readString,
  innerError: (node) => node.getObjectValue(createInnerError),
});

const createODataError = modelFactory<Pick<ODataError, 'error'>>({
  error: (node) => node.getObjectValue(createErrorDetails),
});

function serializeUserState(writer: SerializationWriter, state: Partial<UserState> | null = {}): void {
  writer.writeStringValue('@odata.type', '#microsoft.graph.deviceManagementScriptUserState');
  writer.writeStringValue('id', state?.id);
  writer.writeNumberValue('successDeviceCount', state?.successDeviceCount);
  writer.writeNumberValue('errorDeviceCount', state?.errorDeviceCount);
  writer.writeStringValue('userPrincipalName', state?.userPrincipalName);
}

const collectionTemplate =
  '{+baseurl}/deviceManagement/deviceShellScripts/{deviceShellScript%2Did}/userRunStates{?%24count,%24select,%24top}';
const itemTemplate =
  '{+baseurl}/deviceManagement/deviceShellScripts/{deviceShellScript%2Did}/userRunStates/{userState%2Did}{?%24select}';
const queryNames = { count: '%24count', select: '%24select', top: '%24top' };
const errorMappings = { XXX: createODataError };

interface Query {
  readonly count?: boolean;
  readonly select?: readonly string[];
  readonly top?: number;
}

/** The requests to the user states of one script, as Kiota generates them. */
export function createUserStates(adapter: RequestAdapter, scriptId: string) {
  const collection = { 'deviceShellScript%2Did': scriptId };
  const request = (method: HttpMethod, template: string, parameters: Record<string, unknown>, body?: UserState) => {
    const information = new RequestInformation(method, template, parameters);
    information.headers.tryAdd('Accept', 'application/json');
    if (body !== undefined) {
      information.setContentFromParsable(adapter, 'application/json', body, serializeUserState);
    }
    return information;
  };
  const requestItem = (method: HttpMethod, id: string, body?: UserState) =>
    request(method, itemTemplate, { ...collection, 'userState%2Did': id }, body);

  return {
    list(query: Query = {}) {
      const information = request(HttpMethod.GET, collectionTemplate, { ...collection });
      information.setQueryStringParametersFromRawObject(query, queryNames);
      return adapter.send(information, createUserStatePage, errorMappings);
    },
    /** Requests the page of a next link. */
    page(nextLink: string) {
      const parameters = { [RequestInformation.raw_url_key]: nextLink };
      return adapter.send(request(HttpMethod.GET, collectionTemplate, parameters), createUserStatePage, errorMappings);
    },
    create: (state: UserState) =>
      adapter.send(
        request(HttpMethod.POST, collectionTemplate, { ...collection }, state),
        createUserState,
        errorMappings,
      ),
    get(id: string, options: RequestOption[] = []) {
      const information = requestItem(HttpMethod.GET, id);
      information.addRequestOptions(options);
      return adapter.send(information, createUserState, errorMappings);
    },
    update(id: string, patch: UserState, options: RequestOption[] = []) {
      const information = requestItem(HttpMethod.PATCH, id, patch);
      information.addRequestOptions(options);
      return adapter.send(information, createUserState, errorMappings);
    },
    delete: (id: string) => adapter.sendNoResponseContent(requestItem(HttpMethod.DELETE, id), errorMappings),
  };
}
