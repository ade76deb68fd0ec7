// Written from grpc/reflection/v1/reflection.proto by `npm run generate`; not edited by hand.

import { messageType, type MessageType } from '../../../../schema.ts';

export interface ExtensionRequest {
  readonly containingType: string;
  readonly extensionNumber: number;
}

export const extensionRequestType: MessageType<ExtensionRequest> = messageType('grpc.reflection.v1.ExtensionRequest', [
  { name: 'containing_type', property: 'containingType', number: 1, kind: 'string', rules: { maxLength: 256 } },
  { name: 'extension_number', property: 'extensionNumber', number: 2, kind: 'int32' },
]);

export interface ServerReflectionRequest {
  readonly host: string;
  readonly fileByFilename?: string | undefined;
  readonly fileContainingSymbol?: string | undefined;
  readonly fileContainingExtension?: ExtensionRequest | undefined;
  readonly allExtensionNumbersOfType?: string | undefined;
  readonly listServices?: string | undefined;
}

export const serverReflectionRequestType: MessageType<ServerReflectionRequest> = messageType('grpc.reflection.v1.ServerReflectionRequest', [
  { name: 'host', property: 'host', number: 1, kind: 'string', rules: { maxLength: 256 } },
  { name: 'file_by_filename', property: 'fileByFilename', number: 3, kind: 'string', hasPresence: true, oneof: 'message_request', rules: { maxLength: 256 } },
  { name: 'file_containing_symbol', property: 'fileContainingSymbol', number: 4, kind: 'string', hasPresence: true, oneof: 'message_request', rules: { maxLength: 256 } },
  { name: 'file_containing_extension', property: 'fileContainingExtension', number: 5, kind: 'message', type: extensionRequestType, hasPresence: true, oneof: 'message_request' },
  { name: 'all_extension_numbers_of_type', property: 'allExtensionNumbersOfType', number: 6, kind: 'string', hasPresence: true, oneof: 'message_request', rules: { maxLength: 256 } },
  { name: 'list_services', property: 'listServices', number: 7, kind: 'string', hasPresence: true, oneof: 'message_request', rules: { maxLength: 256 } },
], ['message_request']);

export interface FileDescriptorResponse {
  /** Encoded google.protobuf.FileDescriptorProto: the file, and those that it imports. */
  readonly fileDescriptorProto: readonly Uint8Array[];
}

export const fileDescriptorResponseType: MessageType<FileDescriptorResponse> = messageType('grpc.reflection.v1.FileDescriptorResponse', [
  { name: 'file_descriptor_proto', property: 'fileDescriptorProto', number: 1, kind: 'bytes', isRepeated: true },
]);

export interface ExtensionNumberResponse {
  readonly baseTypeName: string;
  readonly extensionNumber: readonly number[];
}

export const extensionNumberResponseType: MessageType<ExtensionNumberResponse> = messageType('grpc.reflection.v1.ExtensionNumberResponse', [
  { name: 'base_type_name', property: 'baseTypeName', number: 1, kind: 'string' },
  { name: 'extension_number', property: 'extensionNumber', number: 2, kind: 'int32', isRepeated: true },
]);

export interface ServiceResponse {
  /** With its package. */
  readonly name: string;
}

export const serviceResponseType: MessageType<ServiceResponse> = messageType('grpc.reflection.v1.ServiceResponse', [
  { name: 'name', property: 'name', number: 1, kind: 'string' },
]);

export interface ListServiceResponse {
  readonly service: readonly ServiceResponse[];
}

export const listServiceResponseType: MessageType<ListServiceResponse> = messageType('grpc.reflection.v1.ListServiceResponse', [
  { name: 'service', property: 'service', number: 1, kind: 'message', type: serviceResponseType, isRepeated: true },
]);

export interface ErrorResponse {
  /** A gRPC status code. */
  readonly errorCode: number;
  readonly errorMessage: string;
}

export const errorResponseType: MessageType<ErrorResponse> = messageType('grpc.reflection.v1.ErrorResponse', [
  { name: 'error_code', property: 'errorCode', number: 1, kind: 'int32' },
  { name: 'error_message', property: 'errorMessage', number: 2, kind: 'string' },
]);

export interface ServerReflectionResponse {
  readonly validHost: string;
  readonly originalRequest?: ServerReflectionRequest | undefined;
  readonly fileDescriptorResponse?: FileDescriptorResponse | undefined;
  readonly allExtensionNumbersResponse?: ExtensionNumberResponse | undefined;
  readonly listServicesResponse?: ListServiceResponse | undefined;
  readonly errorResponse?: ErrorResponse | undefined;
}

export const serverReflectionResponseType: MessageType<ServerReflectionResponse> = messageType('grpc.reflection.v1.ServerReflectionResponse', [
  { name: 'valid_host', property: 'validHost', number: 1, kind: 'string', rules: { maxLength: 256 } },
  { name: 'original_request', property: 'originalRequest', number: 2, kind: 'message', type: serverReflectionRequestType, hasPresence: true },
  { name: 'file_descriptor_response', property: 'fileDescriptorResponse', number: 4, kind: 'message', type: fileDescriptorResponseType, hasPresence: true, oneof: 'message_response' },
  { name: 'all_extension_numbers_response', property: 'allExtensionNumbersResponse', number: 5, kind: 'message', type: extensionNumberResponseType, hasPresence: true, oneof: 'message_response' },
  { name: 'list_services_response', property: 'listServicesResponse', number: 6, kind: 'message', type: listServiceResponseType, hasPresence: true, oneof: 'message_response' },
  { name: 'error_response', property: 'errorResponse', number: 7, kind: 'message', type: errorResponseType, hasPresence: true, oneof: 'message_response' },
]);
