// Written from the services of argon.v1 by `npm run generate`; not edited by hand.

import { type MethodType } from '../../../schema.ts';
import { captureType, readCaptureRequestType, readCaptureResponseType, startCaptureRequestType, stopCaptureRequestType, type Capture, type ReadCaptureRequest, type ReadCaptureResponse, type StartCaptureRequest, type StopCaptureRequest } from './captures.ts';
import { createFaultRequestType, deleteFaultRequestType, deleteFaultResponseType, faultType, listFaultsRequestType, listFaultsResponseType, releaseFaultsRequestType, releaseFaultsResponseType, type CreateFaultRequest, type DeleteFaultRequest, type DeleteFaultResponse, type Fault, type ListFaultsRequest, type ListFaultsResponse, type ReleaseFaultsRequest, type ReleaseFaultsResponse } from './faults.ts';
import { createFlowLogRequestType, deleteFlowLogRequestType, deleteFlowLogResponseType, flowLogType, getFlowLogRequestType, listFlowLogsRequestType, listFlowLogsResponseType, type CreateFlowLogRequest, type DeleteFlowLogRequest, type DeleteFlowLogResponse, type FlowLog, type GetFlowLogRequest, type ListFlowLogsRequest, type ListFlowLogsResponse } from './flow-logs.ts';
import { getHostRequestType, hostInfoType, shutDownRequestType, shutDownResponseType, type GetHostRequest, type HostInfo, type ShutDownRequest, type ShutDownResponse, type UpdateHostRequest, updateHostRequestType } from './host.ts';
import { createInstanceRequestType, deleteInstanceRequestType, deleteInstanceResponseType, getInstanceRequestType, instanceType, listInstancesRequestType, listInstancesResponseType, resetInstanceRequestType, startInstanceRequestType, stopInstanceRequestType, type CreateInstanceRequest, type DeleteInstanceRequest, type DeleteInstanceResponse, type GetInstanceRequest, type Instance, type ListInstancesRequest, type ListInstancesResponse, type ResetInstanceRequest, type StartInstanceRequest, type StopInstanceRequest, type UpdateInstanceRequest, updateInstanceRequestType } from './instances.ts';
import { attachInterfaceRequestType, createInterfaceRequestType, deleteInterfaceRequestType, deleteInterfaceResponseType, detachInterfaceRequestType, getInterfaceRequestType, interfaceType, listInterfacesRequestType, listInterfacesResponseType, traceFlowRequestType, traceFlowResponseType, type AttachInterfaceRequest, type CreateInterfaceRequest, type DeleteInterfaceRequest, type DeleteInterfaceResponse, type DetachInterfaceRequest, type GetInterfaceRequest, type Interface, type ListInterfacesRequest, type ListInterfacesResponse, type TraceFlowRequest, type TraceFlowResponse, type UpdateInterfaceRequest, updateInterfaceRequestType } from './interfaces.ts';
import { getInterfaceMetricsRequestType, getServiceMetricsRequestType, getVolumeMetricsRequestType, interfaceMetricsType, listInterfaceMetricsRequestType, listInterfaceMetricsResponseType, listVolumeMetricsRequestType, listVolumeMetricsResponseType, serviceMetricsType, type GetInterfaceMetricsRequest, type GetServiceMetricsRequest, type GetVolumeMetricsRequest, type InterfaceMetrics, type ListInterfaceMetricsRequest, type ListInterfaceMetricsResponse, type ListVolumeMetricsRequest, type ListVolumeMetricsResponse, type ServiceMetrics, type VolumeMetrics, volumeMetricsType } from './metrics.ts';
import { networkAclType, routeTableType, securityGroupType, subnetType, type NetworkAcl, type RouteTable, type SecurityGroup, type Subnet, type Vpc, vpcType } from './network-resources.ts';
import { createDhcpOptionsRequestType, createPrivateZoneRequestType, deleteDhcpOptionsRequestType, deleteDhcpOptionsResponseType, deletePrivateZoneRequestType, deletePrivateZoneResponseType, dhcpOptionsType, getDhcpOptionsRequestType, getPrivateZoneRequestType, listDhcpOptionsRequestType, listDhcpOptionsResponseType, listPrivateZonesRequestType, listPrivateZonesResponseType, privateZoneType, type CreateDhcpOptionsRequest, type CreatePrivateZoneRequest, type DeleteDhcpOptionsRequest, type DeleteDhcpOptionsResponse, type DeletePrivateZoneRequest, type DeletePrivateZoneResponse, type DhcpOptions, type GetDhcpOptionsRequest, type GetPrivateZoneRequest, type ListDhcpOptionsRequest, type ListDhcpOptionsResponse, type ListPrivateZonesRequest, type ListPrivateZonesResponse, type PrivateZone, type UpdateDhcpOptionsRequest, type UpdatePrivateZoneRequest, updateDhcpOptionsRequestType, updatePrivateZoneRequestType } from './network-services.ts';
import { createNetworkAclRequestType, createRouteTableRequestType, createSecurityGroupRequestType, createSubnetRequestType, createVpcRequestType, deleteNetworkAclRequestType, deleteNetworkAclResponseType, deleteRouteTableRequestType, deleteRouteTableResponseType, deleteSecurityGroupRequestType, deleteSecurityGroupResponseType, deleteSubnetRequestType, deleteSubnetResponseType, deleteVpcRequestType, deleteVpcResponseType, getNetworkAclRequestType, getRouteTableRequestType, getSecurityGroupRequestType, getSubnetRequestType, getVpcRequestType, listNetworkAclsRequestType, listNetworkAclsResponseType, listRouteTablesRequestType, listRouteTablesResponseType, listSecurityGroupsRequestType, listSecurityGroupsResponseType, listSubnetsRequestType, listSubnetsResponseType, listVpcsRequestType, listVpcsResponseType, type CreateNetworkAclRequest, type CreateRouteTableRequest, type CreateSecurityGroupRequest, type CreateSubnetRequest, type CreateVpcRequest, type DeleteNetworkAclRequest, type DeleteNetworkAclResponse, type DeleteRouteTableRequest, type DeleteRouteTableResponse, type DeleteSecurityGroupRequest, type DeleteSecurityGroupResponse, type DeleteSubnetRequest, type DeleteSubnetResponse, type DeleteVpcRequest, type DeleteVpcResponse, type GetNetworkAclRequest, type GetRouteTableRequest, type GetSecurityGroupRequest, type GetSubnetRequest, type GetVpcRequest, type ListNetworkAclsRequest, type ListNetworkAclsResponse, type ListRouteTablesRequest, type ListRouteTablesResponse, type ListSecurityGroupsRequest, type ListSecurityGroupsResponse, type ListSubnetsRequest, type ListSubnetsResponse, type ListVpcsRequest, type ListVpcsResponse, type UpdateNetworkAclRequest, type UpdateRouteTableRequest, type UpdateSecurityGroupRequest, type UpdateSubnetRequest, type UpdateVpcRequest, updateNetworkAclRequestType, updateRouteTableRequestType, updateSecurityGroupRequestType, updateSubnetRequestType, updateVpcRequestType } from './networks.ts';
import { createPrefixListRequestType, deletePrefixListRequestType, deletePrefixListResponseType, getPrefixListRequestType, listPrefixListsRequestType, listPrefixListsResponseType, prefixListType, type CreatePrefixListRequest, type DeletePrefixListRequest, type DeletePrefixListResponse, type GetPrefixListRequest, type ListPrefixListsRequest, type ListPrefixListsResponse, type PrefixList, type UpdatePrefixListRequest, updatePrefixListRequestType } from './prefix-lists.ts';
import { attachVolumeRequestType, createVolumeRequestType, deleteVolumeRequestType, deleteVolumeResponseType, detachVolumeRequestType, getVolumeRequestType, listVolumesRequestType, listVolumesResponseType, type AttachVolumeRequest, type CreateVolumeRequest, type DeleteVolumeRequest, type DeleteVolumeResponse, type DetachVolumeRequest, type GetVolumeRequest, type ListVolumesRequest, type ListVolumesResponse, type UpdateVolumeRequest, type Volume, updateVolumeRequestType, volumeType } from './volumes.ts';

/** The messages of each method. */
export interface MethodTypes {
  /**
   * The instance of the interface runs. A capture ends by itself unless it is read now and
   * then.
   */
  readonly 'Captures.StartCapture': { readonly request: StartCaptureRequest; readonly response: Capture };
  /** Its state, and its file from an offset on. What is there can be read again. */
  readonly 'Captures.ReadCapture': { readonly request: ReadCaptureRequest; readonly response: ReadCaptureResponse };
  /** What it has can still be read. */
  readonly 'Captures.StopCapture': { readonly request: StopCaptureRequest; readonly response: Capture };
  readonly 'Faults.CreateFault': { readonly request: CreateFaultRequest; readonly response: Fault };
  readonly 'Faults.ListFaults': { readonly request: ListFaultsRequest; readonly response: ListFaultsResponse };
  readonly 'Faults.DeleteFault': { readonly request: DeleteFaultRequest; readonly response: DeleteFaultResponse };
  /** Lets requests go on that hang by a fault. */
  readonly 'Faults.ReleaseFaults': { readonly request: ReleaseFaultsRequest; readonly response: ReleaseFaultsResponse };
  readonly 'FlowLogs.CreateFlowLog': { readonly request: CreateFlowLogRequest; readonly response: FlowLog };
  readonly 'FlowLogs.GetFlowLog': { readonly request: GetFlowLogRequest; readonly response: FlowLog };
  readonly 'FlowLogs.ListFlowLogs': { readonly request: ListFlowLogsRequest; readonly response: ListFlowLogsResponse };
  /** The files stay. */
  readonly 'FlowLogs.DeleteFlowLog': { readonly request: DeleteFlowLogRequest; readonly response: DeleteFlowLogResponse };
  readonly 'Host.GetHost': { readonly request: GetHostRequest; readonly response: HostInfo };
  /** Limits that all volumes of the host share. */
  readonly 'Host.UpdateHost': { readonly request: UpdateHostRequest; readonly response: HostInfo };
  /** Stops guests, cards, the backplane and the controller, in this order. */
  readonly 'Host.ShutDown': { readonly request: ShutDownRequest; readonly response: ShutDownResponse };
  readonly 'Instances.CreateInstance': { readonly request: CreateInstanceRequest; readonly response: Instance };
  readonly 'Instances.GetInstance': { readonly request: GetInstanceRequest; readonly response: Instance };
  readonly 'Instances.ListInstances': { readonly request: ListInstancesRequest; readonly response: ListInstancesResponse };
  readonly 'Instances.UpdateInstance': { readonly request: UpdateInstanceRequest; readonly response: Instance };
  /** Refused unless the instance is stopped. Its volumes stay. */
  readonly 'Instances.DeleteInstance': { readonly request: DeleteInstanceRequest; readonly response: DeleteInstanceResponse };
  /** Returns when the guest's CPUs run. */
  readonly 'Instances.StartInstance': { readonly request: StartInstanceRequest; readonly response: Instance };
  /**
   * Presses the power button and waits; after the deadline, or at once with `force`, cuts
   * power.
   */
  readonly 'Instances.StopInstance': { readonly request: StopInstanceRequest; readonly response: Instance };
  /** Resets the machine as its reset button does. */
  readonly 'Instances.ResetInstance': { readonly request: ResetInstanceRequest; readonly response: Instance };
  readonly 'Interfaces.CreateInterface': { readonly request: CreateInterfaceRequest; readonly response: Interface };
  readonly 'Interfaces.GetInterface': { readonly request: GetInterfaceRequest; readonly response: Interface };
  readonly 'Interfaces.ListInterfaces': { readonly request: ListInterfacesRequest; readonly response: ListInterfacesResponse };
  /** Changes the display name, the groups, the addresses but the primary one, or the check. */
  readonly 'Interfaces.UpdateInterface': { readonly request: UpdateInterfaceRequest; readonly response: Interface };
  /** Routes to it become black holes. */
  readonly 'Interfaces.DeleteInterface': { readonly request: DeleteInterfaceRequest; readonly response: DeleteInterfaceResponse };
  /**
   * Plugs it into an instance, also while that runs; one that is stopped has it when it starts.
   */
  readonly 'Interfaces.AttachInterface': { readonly request: AttachInterfaceRequest; readonly response: Interface };
  /**
   * Takes it out. A guest that does not let go keeps it, and the answer says so in a condition.
   * With `force` no frame passes any more and the interface is free, whatever the guest does:
   * what it still holds has no link, and the place is taken until it lets go or its instance is
   * reset or stopped. That is for an instance that has failed.
   */
  readonly 'Interfaces.DetachInterface': { readonly request: DetachInterfaceRequest; readonly response: Interface };
  /**
   * What would become of a packet that the guest of the interface might send, and what decides.
   * Nothing is sent and nothing changes. The instance runs.
   */
  readonly 'Interfaces.TraceFlow': { readonly request: TraceFlowRequest; readonly response: TraceFlowResponse };
  readonly 'Metrics.GetVolumeMetrics': { readonly request: GetVolumeMetricsRequest; readonly response: VolumeMetrics };
  /** Of all volumes that are served now. */
  readonly 'Metrics.ListVolumeMetrics': { readonly request: ListVolumeMetricsRequest; readonly response: ListVolumeMetricsResponse };
  readonly 'Metrics.GetInterfaceMetrics': { readonly request: GetInterfaceMetricsRequest; readonly response: InterfaceMetrics };
  /** Of all interfaces that are served now. */
  readonly 'Metrics.ListInterfaceMetrics': { readonly request: ListInterfaceMetricsRequest; readonly response: ListInterfaceMetricsResponse };
  /** Of the services that guests reach over the network card: DHCP, DNS, time, metadata. */
  readonly 'Metrics.GetServiceMetrics': { readonly request: GetServiceMetricsRequest; readonly response: ServiceMetrics };
  readonly 'NetworkServices.CreateDhcpOptions': { readonly request: CreateDhcpOptionsRequest; readonly response: DhcpOptions };
  readonly 'NetworkServices.GetDhcpOptions': { readonly request: GetDhcpOptionsRequest; readonly response: DhcpOptions };
  readonly 'NetworkServices.ListDhcpOptions': { readonly request: ListDhcpOptionsRequest; readonly response: ListDhcpOptionsResponse };
  readonly 'NetworkServices.UpdateDhcpOptions': { readonly request: UpdateDhcpOptionsRequest; readonly response: DhcpOptions };
  readonly 'NetworkServices.DeleteDhcpOptions': { readonly request: DeleteDhcpOptionsRequest; readonly response: DeleteDhcpOptionsResponse };
  readonly 'NetworkServices.CreatePrivateZone': { readonly request: CreatePrivateZoneRequest; readonly response: PrivateZone };
  readonly 'NetworkServices.GetPrivateZone': { readonly request: GetPrivateZoneRequest; readonly response: PrivateZone };
  readonly 'NetworkServices.ListPrivateZones': { readonly request: ListPrivateZonesRequest; readonly response: ListPrivateZonesResponse };
  readonly 'NetworkServices.UpdatePrivateZone': { readonly request: UpdatePrivateZoneRequest; readonly response: PrivateZone };
  readonly 'NetworkServices.DeletePrivateZone': { readonly request: DeletePrivateZoneRequest; readonly response: DeletePrivateZoneResponse };
  readonly 'Networks.CreateVpc': { readonly request: CreateVpcRequest; readonly response: Vpc };
  readonly 'Networks.GetVpc': { readonly request: GetVpcRequest; readonly response: Vpc };
  readonly 'Networks.ListVpcs': { readonly request: ListVpcsRequest; readonly response: ListVpcsResponse };
  /** Adds and removes blocks; the primary one stays, and those that subnets are in. */
  readonly 'Networks.UpdateVpc': { readonly request: UpdateVpcRequest; readonly response: Vpc };
  readonly 'Networks.DeleteVpc': { readonly request: DeleteVpcRequest; readonly response: DeleteVpcResponse };
  readonly 'Networks.CreateSubnet': { readonly request: CreateSubnetRequest; readonly response: Subnet };
  readonly 'Networks.GetSubnet': { readonly request: GetSubnetRequest; readonly response: Subnet };
  readonly 'Networks.ListSubnets': { readonly request: ListSubnetsRequest; readonly response: ListSubnetsResponse };
  readonly 'Networks.UpdateSubnet': { readonly request: UpdateSubnetRequest; readonly response: Subnet };
  readonly 'Networks.DeleteSubnet': { readonly request: DeleteSubnetRequest; readonly response: DeleteSubnetResponse };
  readonly 'Networks.CreateRouteTable': { readonly request: CreateRouteTableRequest; readonly response: RouteTable };
  readonly 'Networks.GetRouteTable': { readonly request: GetRouteTableRequest; readonly response: RouteTable };
  readonly 'Networks.ListRouteTables': { readonly request: ListRouteTablesRequest; readonly response: ListRouteTablesResponse };
  readonly 'Networks.UpdateRouteTable': { readonly request: UpdateRouteTableRequest; readonly response: RouteTable };
  readonly 'Networks.DeleteRouteTable': { readonly request: DeleteRouteTableRequest; readonly response: DeleteRouteTableResponse };
  /**
   * Without egress rules it gets one for each family that lets everything out, unless
   * `is_egress_closed`.
   */
  readonly 'Networks.CreateSecurityGroup': { readonly request: CreateSecurityGroupRequest; readonly response: SecurityGroup };
  readonly 'Networks.GetSecurityGroup': { readonly request: GetSecurityGroupRequest; readonly response: SecurityGroup };
  readonly 'Networks.ListSecurityGroups': { readonly request: ListSecurityGroupsRequest; readonly response: ListSecurityGroupsResponse };
  readonly 'Networks.UpdateSecurityGroup': { readonly request: UpdateSecurityGroupRequest; readonly response: SecurityGroup };
  readonly 'Networks.DeleteSecurityGroup': { readonly request: DeleteSecurityGroupRequest; readonly response: DeleteSecurityGroupResponse };
  readonly 'Networks.CreateNetworkAcl': { readonly request: CreateNetworkAclRequest; readonly response: NetworkAcl };
  readonly 'Networks.GetNetworkAcl': { readonly request: GetNetworkAclRequest; readonly response: NetworkAcl };
  readonly 'Networks.ListNetworkAcls': { readonly request: ListNetworkAclsRequest; readonly response: ListNetworkAclsResponse };
  readonly 'Networks.UpdateNetworkAcl': { readonly request: UpdateNetworkAclRequest; readonly response: NetworkAcl };
  readonly 'Networks.DeleteNetworkAcl': { readonly request: DeleteNetworkAclRequest; readonly response: DeleteNetworkAclResponse };
  readonly 'PrefixLists.CreatePrefixList': { readonly request: CreatePrefixListRequest; readonly response: PrefixList };
  readonly 'PrefixLists.GetPrefixList': { readonly request: GetPrefixListRequest; readonly response: PrefixList };
  readonly 'PrefixLists.ListPrefixLists': { readonly request: ListPrefixListsRequest; readonly response: ListPrefixListsResponse };
  /** What names it goes by the entries of now when this is answered. */
  readonly 'PrefixLists.UpdatePrefixList': { readonly request: UpdatePrefixListRequest; readonly response: PrefixList };
  readonly 'PrefixLists.DeletePrefixList': { readonly request: DeletePrefixListRequest; readonly response: DeletePrefixListResponse };
  readonly 'Volumes.CreateVolume': { readonly request: CreateVolumeRequest; readonly response: Volume };
  readonly 'Volumes.GetVolume': { readonly request: GetVolumeRequest; readonly response: Volume };
  readonly 'Volumes.ListVolumes': { readonly request: ListVolumesRequest; readonly response: ListVolumesResponse };
  /**
   * Changes the display name, the limits, or the size: a volume only grows, and a running guest
   * sees it grow.
   */
  readonly 'Volumes.UpdateVolume': { readonly request: UpdateVolumeRequest; readonly response: Volume };
  /** Refused while the volume is attached. */
  readonly 'Volumes.DeleteVolume': { readonly request: DeleteVolumeRequest; readonly response: DeleteVolumeResponse };
  /**
   * Plugs the volume into the instance, running or not. Returns when the guest's driver has it,
   * or with the attachment in the state ATTACHING when the guest does not take it in time.
   */
  readonly 'Volumes.AttachVolume': { readonly request: AttachVolumeRequest; readonly response: Volume };
  /**
   * Takes the volume out again. A guest that does not let go in time leaves it BUSY: nothing
   * has changed and it may be tried again. With `force` its I/O fails from now on and it is
   * taken away; what the guest still holds fails every request, until the guest lets go or is
   * reset.
   */
  readonly 'Volumes.DetachVolume': { readonly request: DetachVolumeRequest; readonly response: Volume };
}

export const methods: {
  readonly [Name in keyof MethodTypes]: MethodType<
    MethodTypes[Name]['request'],
    MethodTypes[Name]['response']
  >;
} = {
  'Captures.StartCapture': {
    name: 'argon.v1.Captures/StartCapture',
    verb: 'other',
    request: startCaptureRequestType,
    response: captureType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'captures:start',
      resource: ['interface'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Captures.ReadCapture': {
    name: 'argon.v1.Captures/ReadCapture',
    verb: 'other',
    request: readCaptureRequestType,
    response: readCaptureResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'captures:read',
      resource: ['name'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Captures.StopCapture': {
    name: 'argon.v1.Captures/StopCapture',
    verb: 'other',
    request: stopCaptureRequestType,
    response: captureType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'captures:stop',
      resource: ['name'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Faults.CreateFault': {
    name: 'argon.v1.Faults/CreateFault',
    verb: 'create',
    request: createFaultRequestType,
    response: faultType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'faults:create',
      resource: ['volume'],
      audit: 'destructive',
      quota: 'destructive',
    },
  },
  'Faults.ListFaults': {
    name: 'argon.v1.Faults/ListFaults',
    verb: 'other',
    request: listFaultsRequestType,
    response: listFaultsResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'faults:list',
      resource: ['volume'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Faults.DeleteFault': {
    name: 'argon.v1.Faults/DeleteFault',
    verb: 'other',
    request: deleteFaultRequestType,
    response: deleteFaultResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'faults:delete',
      resource: ['name'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Faults.ReleaseFaults': {
    name: 'argon.v1.Faults/ReleaseFaults',
    verb: 'other',
    request: releaseFaultsRequestType,
    response: releaseFaultsResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'faults:release',
      resource: ['volume'],
      audit: 'change',
      quota: 'change',
    },
  },
  'FlowLogs.CreateFlowLog': {
    name: 'argon.v1.FlowLogs/CreateFlowLog',
    verb: 'create',
    request: createFlowLogRequestType,
    response: flowLogType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'flowlogs:create',
      resource: ['host', 'flow_log.resource'],
      audit: 'change',
      quota: 'change',
    },
  },
  'FlowLogs.GetFlowLog': {
    name: 'argon.v1.FlowLogs/GetFlowLog',
    verb: 'other',
    request: getFlowLogRequestType,
    response: flowLogType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'flowlogs:get',
      resource: ['name'],
      audit: 'read',
      quota: 'read',
    },
  },
  'FlowLogs.ListFlowLogs': {
    name: 'argon.v1.FlowLogs/ListFlowLogs',
    verb: 'other',
    request: listFlowLogsRequestType,
    response: listFlowLogsResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'flowlogs:list',
      resource: ['host'],
      audit: 'read',
      quota: 'read',
    },
  },
  'FlowLogs.DeleteFlowLog': {
    name: 'argon.v1.FlowLogs/DeleteFlowLog',
    verb: 'other',
    request: deleteFlowLogRequestType,
    response: deleteFlowLogResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'flowlogs:delete',
      resource: ['name'],
      audit: 'destructive',
      quota: 'destructive',
    },
  },
  'Host.GetHost': {
    name: 'argon.v1.Host/GetHost',
    verb: 'other',
    request: getHostRequestType,
    response: hostInfoType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'host:get',
      resource: ['host'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Host.UpdateHost': {
    name: 'argon.v1.Host/UpdateHost',
    verb: 'update',
    request: updateHostRequestType,
    response: hostInfoType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'host:update',
      resource: ['host'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Host.ShutDown': {
    name: 'argon.v1.Host/ShutDown',
    verb: 'other',
    request: shutDownRequestType,
    response: shutDownResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'host:shutdown',
      resource: ['host'],
      audit: 'destructive',
      quota: 'destructive',
    },
  },
  'Instances.CreateInstance': {
    name: 'argon.v1.Instances/CreateInstance',
    verb: 'create',
    request: createInstanceRequestType,
    response: instanceType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'instances:create',
      resource: ['host', 'instance.boot_volume'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Instances.GetInstance': {
    name: 'argon.v1.Instances/GetInstance',
    verb: 'other',
    request: getInstanceRequestType,
    response: instanceType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'instances:get',
      resource: ['name'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Instances.ListInstances': {
    name: 'argon.v1.Instances/ListInstances',
    verb: 'other',
    request: listInstancesRequestType,
    response: listInstancesResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'instances:list',
      resource: ['host'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Instances.UpdateInstance': {
    name: 'argon.v1.Instances/UpdateInstance',
    verb: 'update',
    request: updateInstanceRequestType,
    response: instanceType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'instances:update',
      resource: ['instance.name'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Instances.DeleteInstance': {
    name: 'argon.v1.Instances/DeleteInstance',
    verb: 'other',
    request: deleteInstanceRequestType,
    response: deleteInstanceResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'instances:delete',
      resource: ['name'],
      audit: 'destructive',
      quota: 'destructive',
    },
  },
  'Instances.StartInstance': {
    name: 'argon.v1.Instances/StartInstance',
    verb: 'other',
    request: startInstanceRequestType,
    response: instanceType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'instances:start',
      resource: ['name'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Instances.StopInstance': {
    name: 'argon.v1.Instances/StopInstance',
    verb: 'other',
    request: stopInstanceRequestType,
    response: instanceType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'instances:stop',
      resource: ['name'],
      audit: 'destructive',
      quota: 'destructive',
    },
  },
  'Instances.ResetInstance': {
    name: 'argon.v1.Instances/ResetInstance',
    verb: 'other',
    request: resetInstanceRequestType,
    response: instanceType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'instances:reset',
      resource: ['name'],
      audit: 'destructive',
      quota: 'destructive',
    },
  },
  'Interfaces.CreateInterface': {
    name: 'argon.v1.Interfaces/CreateInterface',
    verb: 'create',
    request: createInterfaceRequestType,
    response: interfaceType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'interfaces:create',
      resource: ['host', 'interface.subnet'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Interfaces.GetInterface': {
    name: 'argon.v1.Interfaces/GetInterface',
    verb: 'other',
    request: getInterfaceRequestType,
    response: interfaceType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'interfaces:get',
      resource: ['name'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Interfaces.ListInterfaces': {
    name: 'argon.v1.Interfaces/ListInterfaces',
    verb: 'other',
    request: listInterfacesRequestType,
    response: listInterfacesResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'interfaces:list',
      resource: ['host'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Interfaces.UpdateInterface': {
    name: 'argon.v1.Interfaces/UpdateInterface',
    verb: 'update',
    request: updateInterfaceRequestType,
    response: interfaceType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'interfaces:update',
      resource: ['interface.name'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Interfaces.DeleteInterface': {
    name: 'argon.v1.Interfaces/DeleteInterface',
    verb: 'other',
    request: deleteInterfaceRequestType,
    response: deleteInterfaceResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'interfaces:delete',
      resource: ['name'],
      audit: 'destructive',
      quota: 'destructive',
    },
  },
  'Interfaces.AttachInterface': {
    name: 'argon.v1.Interfaces/AttachInterface',
    verb: 'other',
    request: attachInterfaceRequestType,
    response: interfaceType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'interfaces:attach',
      resource: ['name', 'instance'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Interfaces.DetachInterface': {
    name: 'argon.v1.Interfaces/DetachInterface',
    verb: 'other',
    request: detachInterfaceRequestType,
    response: interfaceType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'interfaces:detach',
      resource: ['name'],
      audit: 'destructive',
      quota: 'destructive',
    },
  },
  'Interfaces.TraceFlow': {
    name: 'argon.v1.Interfaces/TraceFlow',
    verb: 'other',
    request: traceFlowRequestType,
    response: traceFlowResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'interfaces:trace',
      resource: ['name'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Metrics.GetVolumeMetrics': {
    name: 'argon.v1.Metrics/GetVolumeMetrics',
    verb: 'other',
    request: getVolumeMetricsRequestType,
    response: volumeMetricsType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'metrics:get',
      resource: ['name'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Metrics.ListVolumeMetrics': {
    name: 'argon.v1.Metrics/ListVolumeMetrics',
    verb: 'other',
    request: listVolumeMetricsRequestType,
    response: listVolumeMetricsResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'metrics:list',
      resource: ['host'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Metrics.GetInterfaceMetrics': {
    name: 'argon.v1.Metrics/GetInterfaceMetrics',
    verb: 'other',
    request: getInterfaceMetricsRequestType,
    response: interfaceMetricsType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'interfacemetrics:get',
      resource: ['name'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Metrics.ListInterfaceMetrics': {
    name: 'argon.v1.Metrics/ListInterfaceMetrics',
    verb: 'other',
    request: listInterfaceMetricsRequestType,
    response: listInterfaceMetricsResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'interfacemetrics:list',
      resource: ['host'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Metrics.GetServiceMetrics': {
    name: 'argon.v1.Metrics/GetServiceMetrics',
    verb: 'other',
    request: getServiceMetricsRequestType,
    response: serviceMetricsType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'servicemetrics:get',
      resource: ['host'],
      audit: 'read',
      quota: 'read',
    },
  },
  'NetworkServices.CreateDhcpOptions': {
    name: 'argon.v1.NetworkServices/CreateDhcpOptions',
    verb: 'create',
    request: createDhcpOptionsRequestType,
    response: dhcpOptionsType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'dhcpoptions:create',
      resource: ['host'],
      audit: 'change',
      quota: 'change',
    },
  },
  'NetworkServices.GetDhcpOptions': {
    name: 'argon.v1.NetworkServices/GetDhcpOptions',
    verb: 'other',
    request: getDhcpOptionsRequestType,
    response: dhcpOptionsType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'dhcpoptions:get',
      resource: ['name'],
      audit: 'read',
      quota: 'read',
    },
  },
  'NetworkServices.ListDhcpOptions': {
    name: 'argon.v1.NetworkServices/ListDhcpOptions',
    verb: 'other',
    request: listDhcpOptionsRequestType,
    response: listDhcpOptionsResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'dhcpoptions:list',
      resource: ['host'],
      audit: 'read',
      quota: 'read',
    },
  },
  'NetworkServices.UpdateDhcpOptions': {
    name: 'argon.v1.NetworkServices/UpdateDhcpOptions',
    verb: 'update',
    request: updateDhcpOptionsRequestType,
    response: dhcpOptionsType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'dhcpoptions:update',
      resource: ['dhcp_options.name'],
      audit: 'change',
      quota: 'change',
    },
  },
  'NetworkServices.DeleteDhcpOptions': {
    name: 'argon.v1.NetworkServices/DeleteDhcpOptions',
    verb: 'other',
    request: deleteDhcpOptionsRequestType,
    response: deleteDhcpOptionsResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'dhcpoptions:delete',
      resource: ['name'],
      audit: 'destructive',
      quota: 'destructive',
    },
  },
  'NetworkServices.CreatePrivateZone': {
    name: 'argon.v1.NetworkServices/CreatePrivateZone',
    verb: 'create',
    request: createPrivateZoneRequestType,
    response: privateZoneType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'privatezones:create',
      resource: ['host'],
      audit: 'change',
      quota: 'change',
    },
  },
  'NetworkServices.GetPrivateZone': {
    name: 'argon.v1.NetworkServices/GetPrivateZone',
    verb: 'other',
    request: getPrivateZoneRequestType,
    response: privateZoneType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'privatezones:get',
      resource: ['name'],
      audit: 'read',
      quota: 'read',
    },
  },
  'NetworkServices.ListPrivateZones': {
    name: 'argon.v1.NetworkServices/ListPrivateZones',
    verb: 'other',
    request: listPrivateZonesRequestType,
    response: listPrivateZonesResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'privatezones:list',
      resource: ['host'],
      audit: 'read',
      quota: 'read',
    },
  },
  'NetworkServices.UpdatePrivateZone': {
    name: 'argon.v1.NetworkServices/UpdatePrivateZone',
    verb: 'update',
    request: updatePrivateZoneRequestType,
    response: privateZoneType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'privatezones:update',
      resource: ['private_zone.name'],
      audit: 'change',
      quota: 'change',
    },
  },
  'NetworkServices.DeletePrivateZone': {
    name: 'argon.v1.NetworkServices/DeletePrivateZone',
    verb: 'other',
    request: deletePrivateZoneRequestType,
    response: deletePrivateZoneResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'privatezones:delete',
      resource: ['name'],
      audit: 'destructive',
      quota: 'destructive',
    },
  },
  'Networks.CreateVpc': {
    name: 'argon.v1.Networks/CreateVpc',
    verb: 'create',
    request: createVpcRequestType,
    response: vpcType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'vpcs:create',
      resource: ['host'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Networks.GetVpc': {
    name: 'argon.v1.Networks/GetVpc',
    verb: 'other',
    request: getVpcRequestType,
    response: vpcType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'vpcs:get',
      resource: ['name'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Networks.ListVpcs': {
    name: 'argon.v1.Networks/ListVpcs',
    verb: 'other',
    request: listVpcsRequestType,
    response: listVpcsResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'vpcs:list',
      resource: ['host'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Networks.UpdateVpc': {
    name: 'argon.v1.Networks/UpdateVpc',
    verb: 'update',
    request: updateVpcRequestType,
    response: vpcType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'vpcs:update',
      resource: ['vpc.name'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Networks.DeleteVpc': {
    name: 'argon.v1.Networks/DeleteVpc',
    verb: 'other',
    request: deleteVpcRequestType,
    response: deleteVpcResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'vpcs:delete',
      resource: ['name'],
      audit: 'destructive',
      quota: 'destructive',
    },
  },
  'Networks.CreateSubnet': {
    name: 'argon.v1.Networks/CreateSubnet',
    verb: 'create',
    request: createSubnetRequestType,
    response: subnetType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'subnets:create',
      resource: ['host', 'subnet.vpc'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Networks.GetSubnet': {
    name: 'argon.v1.Networks/GetSubnet',
    verb: 'other',
    request: getSubnetRequestType,
    response: subnetType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'subnets:get',
      resource: ['name'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Networks.ListSubnets': {
    name: 'argon.v1.Networks/ListSubnets',
    verb: 'other',
    request: listSubnetsRequestType,
    response: listSubnetsResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'subnets:list',
      resource: ['host'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Networks.UpdateSubnet': {
    name: 'argon.v1.Networks/UpdateSubnet',
    verb: 'update',
    request: updateSubnetRequestType,
    response: subnetType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'subnets:update',
      resource: ['subnet.name'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Networks.DeleteSubnet': {
    name: 'argon.v1.Networks/DeleteSubnet',
    verb: 'other',
    request: deleteSubnetRequestType,
    response: deleteSubnetResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'subnets:delete',
      resource: ['name'],
      audit: 'destructive',
      quota: 'destructive',
    },
  },
  'Networks.CreateRouteTable': {
    name: 'argon.v1.Networks/CreateRouteTable',
    verb: 'create',
    request: createRouteTableRequestType,
    response: routeTableType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'routetables:create',
      resource: ['host', 'route_table.vpc'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Networks.GetRouteTable': {
    name: 'argon.v1.Networks/GetRouteTable',
    verb: 'other',
    request: getRouteTableRequestType,
    response: routeTableType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'routetables:get',
      resource: ['name'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Networks.ListRouteTables': {
    name: 'argon.v1.Networks/ListRouteTables',
    verb: 'other',
    request: listRouteTablesRequestType,
    response: listRouteTablesResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'routetables:list',
      resource: ['host'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Networks.UpdateRouteTable': {
    name: 'argon.v1.Networks/UpdateRouteTable',
    verb: 'update',
    request: updateRouteTableRequestType,
    response: routeTableType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'routetables:update',
      resource: ['route_table.name'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Networks.DeleteRouteTable': {
    name: 'argon.v1.Networks/DeleteRouteTable',
    verb: 'other',
    request: deleteRouteTableRequestType,
    response: deleteRouteTableResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'routetables:delete',
      resource: ['name'],
      audit: 'destructive',
      quota: 'destructive',
    },
  },
  'Networks.CreateSecurityGroup': {
    name: 'argon.v1.Networks/CreateSecurityGroup',
    verb: 'create',
    request: createSecurityGroupRequestType,
    response: securityGroupType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'securitygroups:create',
      resource: ['host', 'security_group.vpc'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Networks.GetSecurityGroup': {
    name: 'argon.v1.Networks/GetSecurityGroup',
    verb: 'other',
    request: getSecurityGroupRequestType,
    response: securityGroupType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'securitygroups:get',
      resource: ['name'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Networks.ListSecurityGroups': {
    name: 'argon.v1.Networks/ListSecurityGroups',
    verb: 'other',
    request: listSecurityGroupsRequestType,
    response: listSecurityGroupsResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'securitygroups:list',
      resource: ['host'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Networks.UpdateSecurityGroup': {
    name: 'argon.v1.Networks/UpdateSecurityGroup',
    verb: 'update',
    request: updateSecurityGroupRequestType,
    response: securityGroupType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'securitygroups:update',
      resource: ['security_group.name'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Networks.DeleteSecurityGroup': {
    name: 'argon.v1.Networks/DeleteSecurityGroup',
    verb: 'other',
    request: deleteSecurityGroupRequestType,
    response: deleteSecurityGroupResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'securitygroups:delete',
      resource: ['name'],
      audit: 'destructive',
      quota: 'destructive',
    },
  },
  'Networks.CreateNetworkAcl': {
    name: 'argon.v1.Networks/CreateNetworkAcl',
    verb: 'create',
    request: createNetworkAclRequestType,
    response: networkAclType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'networkacls:create',
      resource: ['host', 'network_acl.vpc'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Networks.GetNetworkAcl': {
    name: 'argon.v1.Networks/GetNetworkAcl',
    verb: 'other',
    request: getNetworkAclRequestType,
    response: networkAclType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'networkacls:get',
      resource: ['name'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Networks.ListNetworkAcls': {
    name: 'argon.v1.Networks/ListNetworkAcls',
    verb: 'other',
    request: listNetworkAclsRequestType,
    response: listNetworkAclsResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'networkacls:list',
      resource: ['host'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Networks.UpdateNetworkAcl': {
    name: 'argon.v1.Networks/UpdateNetworkAcl',
    verb: 'update',
    request: updateNetworkAclRequestType,
    response: networkAclType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'networkacls:update',
      resource: ['network_acl.name'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Networks.DeleteNetworkAcl': {
    name: 'argon.v1.Networks/DeleteNetworkAcl',
    verb: 'other',
    request: deleteNetworkAclRequestType,
    response: deleteNetworkAclResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'networkacls:delete',
      resource: ['name'],
      audit: 'destructive',
      quota: 'destructive',
    },
  },
  'PrefixLists.CreatePrefixList': {
    name: 'argon.v1.PrefixLists/CreatePrefixList',
    verb: 'create',
    request: createPrefixListRequestType,
    response: prefixListType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'prefixlists:create',
      resource: ['host'],
      audit: 'change',
      quota: 'change',
    },
  },
  'PrefixLists.GetPrefixList': {
    name: 'argon.v1.PrefixLists/GetPrefixList',
    verb: 'other',
    request: getPrefixListRequestType,
    response: prefixListType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'prefixlists:get',
      resource: ['name'],
      audit: 'read',
      quota: 'read',
    },
  },
  'PrefixLists.ListPrefixLists': {
    name: 'argon.v1.PrefixLists/ListPrefixLists',
    verb: 'other',
    request: listPrefixListsRequestType,
    response: listPrefixListsResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'prefixlists:list',
      resource: ['host'],
      audit: 'read',
      quota: 'read',
    },
  },
  'PrefixLists.UpdatePrefixList': {
    name: 'argon.v1.PrefixLists/UpdatePrefixList',
    verb: 'update',
    request: updatePrefixListRequestType,
    response: prefixListType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'prefixlists:update',
      resource: ['prefix_list.name'],
      audit: 'change',
      quota: 'change',
    },
  },
  'PrefixLists.DeletePrefixList': {
    name: 'argon.v1.PrefixLists/DeletePrefixList',
    verb: 'other',
    request: deletePrefixListRequestType,
    response: deletePrefixListResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'prefixlists:delete',
      resource: ['name'],
      audit: 'destructive',
      quota: 'destructive',
    },
  },
  'Volumes.CreateVolume': {
    name: 'argon.v1.Volumes/CreateVolume',
    verb: 'create',
    request: createVolumeRequestType,
    response: volumeType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'volumes:create',
      resource: ['host'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Volumes.GetVolume': {
    name: 'argon.v1.Volumes/GetVolume',
    verb: 'other',
    request: getVolumeRequestType,
    response: volumeType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'volumes:get',
      resource: ['name'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Volumes.ListVolumes': {
    name: 'argon.v1.Volumes/ListVolumes',
    verb: 'other',
    request: listVolumesRequestType,
    response: listVolumesResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'volumes:list',
      resource: ['host'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Volumes.UpdateVolume': {
    name: 'argon.v1.Volumes/UpdateVolume',
    verb: 'update',
    request: updateVolumeRequestType,
    response: volumeType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'volumes:update',
      resource: ['volume.name'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Volumes.DeleteVolume': {
    name: 'argon.v1.Volumes/DeleteVolume',
    verb: 'other',
    request: deleteVolumeRequestType,
    response: deleteVolumeResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'volumes:delete',
      resource: ['name'],
      audit: 'destructive',
      quota: 'destructive',
    },
  },
  'Volumes.AttachVolume': {
    name: 'argon.v1.Volumes/AttachVolume',
    verb: 'other',
    request: attachVolumeRequestType,
    response: volumeType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'volumes:attach',
      resource: ['name', 'instance'],
      audit: 'change',
      quota: 'change',
    },
  },
  'Volumes.DetachVolume': {
    name: 'argon.v1.Volumes/DetachVolume',
    verb: 'other',
    request: detachVolumeRequestType,
    response: volumeType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'volumes:detach',
      resource: ['name'],
      audit: 'destructive',
      quota: 'destructive',
    },
  },
};
