# frozen_string_literal: true

# soap4r on the partner WSDL the service hands out.

require 'securerandom'
require 'soap/wsdlDriver'
require 'soap/header/simplehandler'

PARTNER = 'urn:partner.soap.sforce.com'
RECORDS = 'urn:sobject.partner.soap.sforce.com'
USER = 'alice@acme.com'
SOBJECT = 'CollaborationInvitation'
FIELDS = 'Id, InvitedUserEmail, Status'
STEPS = %i[login invite refused query queryMore retrieve describe delete logout expired].freeze

# A header of one child, sent while its value is set.
class Header < SOAP::Header::SimpleHandler
  attr_accessor :value

  def initialize(name, child)
    super(XSD::QName.new(PARTNER, name))
    @child = child
  end

  def on_simple_outbound
    { @child => @value } if @value
  end
end

# The actual value; raises unless it is the expected one.
def same(expected, actual)
  raise "expected #{expected.inspect}, got #{actual.inspect}" unless expected == actual

  actual
end

class Driver
  def initialize(url)
    @path = "#{url}/services/Soap/u/66.0"
    @run = "run#{SecureRandom.hex(6)}"
    @colleagues = (0...200).map { |number| format('%s.%03d@acme.com', @run, number) }
    @one_more = "#{@run}.200@acme.com"
    @session = Header.new('SessionHeader', 'sessionId')
    @options = Header.new('QueryOptions', 'batchSize')
  end

  def login
    @soap = SOAP::WSDLDriverFactory.new("#{@path}?wsdl").create_rpc_driver
    @soap.endpoint_url = @path
    [@session, @options].each { |header| @soap.headerhandler << header }
    result = @soap.login(username: USER, password: 'orgbox1!').result
    @soap.endpoint_url = result.serverUrl
    @session.value = result.sessionId
    @me = result.userId
    same(USER, result.userInfo.userName)
  end

  def invite
    saved = create(@colleagues)
    "#{same(200, saved.count { |result| result.success == 'true' })} colleagues"
  end

  def refused
    refused, saved = create(["#{@run}@external.com", @one_more])
    same(%w[false true], [refused.success, saved.success])
    same('InvitedUserEmail', refused.errors.fields)
    same('FIELD_INTEGRITY_EXCEPTION', refused.errors.statusCode)
  end

  def query
    @options.value = 200
    like = "InvitedUserEmail LIKE '#{@run}%' ORDER BY InvitedUserEmail"
    @batch = @soap.query(queryString: "SELECT #{FIELDS} FROM #{SOBJECT} WHERE #{like}").result
    same(%w[false 201], [@batch.done, @batch.size])
    same(@colleagues, @batch.records.map { |record| value(record, 'InvitedUserEmail') })
    "#{@batch.records.size} of #{@batch.size}"
  end

  def queryMore
    rest = @soap.queryMore(queryLocator: @batch.queryLocator).result
    @options.value = nil
    same('true', rest.done)
    same(@one_more, value(rest.records, 'InvitedUserEmail'))
  end

  def retrieve
    record = @soap.retrieve(fieldList: FIELDS, sObjectType: SOBJECT, ids: [first]).result
    same(@colleagues.first, value(record, 'InvitedUserEmail'))
    same('Sent', value(record, 'Status'))
  end

  def describe
    described = @soap.describeSObject(sObjectType: SOBJECT).result
    same(%w[true false], [described.createable, described.updateable])
    same('0H1', described.keyPrefix)
  end

  def delete
    deleted = @soap.delete(ids: [first]).result
    same('true', deleted.success)
    same(first, deleted.id)
  end

  def logout
    @soap.logout({})
    'signed out'
  end

  def expired
    @soap.getUserInfo({})
    raise 'the session still works'
  rescue SOAP::FaultError => e
    "#{same('sf:INVALID_SESSION_ID', e.faultcode.data.to_s)} as #{e.class}"
  end

  private

  def create(addresses)
    @soap.create(sObjects: addresses.map { |address| invitation(address) }).result
  end

  def invitation(address)
    { 'type' => SOBJECT, 'SharedEntityId' => @me, 'InvitedUserEmail' => address }.each_with_object(
      SOAP::SOAPElement.new(XSD::QName.new(PARTNER, 'sObjects'))
    ) do |(name, text), element|
      element.add(SOAP::SOAPElement.new(XSD::QName.new(RECORDS, name), text))
    end
  end

  def value(record, field)
    record[XSD::QName.new(RECORDS, field)]
  end

  # Id stands twice in records of the partner dialect.
  def first
    Array(value(@batch.records.first, 'Id')).first
  end
end

$stdout.sync = true
puts "client partner soap4r #{SOAP::VERSION}"
driver = Driver.new(ARGV[0])
failed = STEPS.reject do |step|
  puts "ok #{step} #{driver.public_send(step)}"
  true
rescue StandardError => e
  puts "FAIL #{step} #{e.class}: #{e.message.tr("\n", ' ')}"
  false
end
exit failed.empty?
